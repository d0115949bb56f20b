import type { RequestHandler } from 'express'
import type { ModelService } from '../model-service.js'

export interface AppVersion {
  version: string
  commit: string
  /** Of the container's image, `sha256:...`; left out where nobody told. */
  imageDigest?: string
  /** Left out where nobody told. */
  pod?: string
}

/** GET /version — exactly which code and which model answer. `model` is null while it loads. */
export function version(app: AppVersion, service: ModelService): RequestHandler {
  return (_req, res) => {
    const { bundle } = service
    const endpoint = service.endpoint === undefined ? {} : { endpoint: service.endpoint }
    const model = bundle && { ...service.identity, manifestSha256: bundle.manifestSha256, ...endpoint }
    const runtime = { onnxruntime: service.onnxRuntimeVersion ?? null, node: process.versions.node }
    res.json({ app, model: model ?? null, runtime })
  }
}
