import type { RequestHandler } from 'express'
import type { ModelService } from '../model-service.js'

/** GET /healthz — the process is alive and its event loop turns. */
export const healthz: RequestHandler = (_req, res) => {
  res.json({ status: 'ok' })
}

/** GET /readyz — 200 when the model is loaded and warmed up and the app is not about to stop, else 503. */
export function readyz(service: ModelService): RequestHandler {
  return (_req, res) => {
    res.status(service.state === 'ready' ? 200 : 503).json({ status: service.state })
  }
}
