import type { RequestHandler } from 'express'
import type { ModelService } from '../model-service.js'

/** GET /healthz — the event loop turns, and no worker hangs or is lost for good. 503 asks for a restart of the process. */
export function healthz(service: ModelService): RequestHandler {
  return (_req, res) => {
    const alive = service.state !== 'failed'
    res.status(alive ? 200 : 503).json({ status: alive ? 'ok' : 'failed' })
  }
}

/** GET /readyz — 200 when the model is loaded and warmed up and the app is not about to stop, else 503. */
export function readyz(service: ModelService): RequestHandler {
  return (_req, res) => {
    res.status(service.state === 'ready' ? 200 : 503).json({ status: service.state })
  }
}
