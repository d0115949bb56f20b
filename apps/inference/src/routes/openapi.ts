import type { RequestHandler } from 'express'
import type { ModelService } from '../model-service.js'
import type { AppVersion } from './version.js'

export interface OpenApiDeps {
  service: ModelService
  version: AppVersion
  apiKeys?: readonly string[]
}

/** GET /openapi.json — the whole API; its examples work with the model that is served. */
export function openApi({ service, version, apiKeys = [] }: OpenApiDeps): RequestHandler {
  let loaded: object | undefined
  const make = async (model?: { name: string; version: string; input: string }) => {
    // Loaded when somebody asks: its schemas would make every start longer.
    const { openApiDocument } = await import('../openapi/document.js')
    return openApiDocument({ version: version.version, model, secured: apiKeys.length > 0 })
  }

  return async (_req, res) => {
    if (!loaded && service.bundle) {
      const { name, version: modelVersion } = service.bundle.manifest
      loaded = await make({ name, version: modelVersion, input: service.model.tensors.input.name })
    }
    res.json(loaded ?? (await make()))
  }
}
