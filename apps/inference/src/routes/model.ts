import type { RequestHandler } from 'express'
import { HttpError } from '../http/problem.js'
import { modelCard, samplePath } from '../model-card.js'
import type { ModelService } from '../model-service.js'

/** GET /model — the model card. */
export function model(service: ModelService): RequestHandler {
  return (_req, res) => {
    if (!service.bundle) throw service.notReady()
    res.json(modelCard(service.bundle))
  }
}

/**
 * GET /model/samples/{sha256} — one of the images that came with the model. Only the hash is taken from the request:
 * no path can be asked for.
 */
export function sampleImage(service: ModelService): RequestHandler {
  return (req, res) => {
    if (!service.bundle) throw service.notReady()
    const { folder, manifest } = service.bundle
    const path = samplePath(manifest, (req.params as { sha256: string }).sha256)
    if (path === undefined) throw new HttpError('not-found', 'the model has no sample with this SHA-256')
    res.set('cache-control', 'private, max-age=31536000, immutable')
    res.sendFile(path, { root: folder, cacheControl: false, lastModified: false })
  }
}
