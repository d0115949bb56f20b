import type { RequestHandler } from 'express'
import { modelCard } from '../model-card.js'
import type { ModelService } from '../model-service.js'
import type { ServedModel } from '../openapi/protocol-operations.js'
import type { AppVersion } from './version.js'

export interface OpenApiDeps {
  service: ModelService
  version: AppVersion
  apiKeys?: readonly string[]
}

/** GET /openapi.json — the whole API; its examples work with the model that is served. */
export function openApi({ service, version, apiKeys = [] }: OpenApiDeps): RequestHandler {
  let loaded: object | undefined
  const make = async (model?: ServedModel) => {
    // Loaded when somebody asks: its schemas would make every start longer.
    const { openApiDocument } = await import('../openapi/document.js')
    return openApiDocument({ version: version.version, model, secured: apiKeys.length > 0 })
  }

  return async (_req, res) => {
    if (!loaded && service.bundle) {
      const { name, version, samples } = modelCard(service.bundle)
      const input = service.model.tensors.input.name
      loaded = await make({ name, version, input, sample: samples[0]?.sha256 })
    }
    res.json(loaded ?? (await make()))
  }
}
