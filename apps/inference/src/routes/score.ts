import { IMAGE_FORMATS } from '@repo/classifier'
import type { Request, RequestHandler } from 'express'
import { readBody } from '../http/body.js'
import { HttpError } from '../http/problem.js'
import type { ModelService } from '../model-service.js'
import type { ScoreKind } from '../worker/score.js'

/** What one request may bring. */
export interface RequestLimits {
  bodyBytes: number
  images: number
}

/**
 * POST /score — the original's contract: `{"input": "[\"<base64 image>\", ...]"}` as application/json. Also takes one
 * image as the body itself, or files of a form. The answer is the same for all.
 */
export function score(service: ModelService, limits: RequestLimits): RequestHandler {
  return async (req, res) => {
    const contentType = req.get('content-type') ?? ''
    const kind = scoreKind(req)
    service.assertUsable()
    const caller = new AbortController()
    res.once('close', () => caller.abort())
    const body = await readBody(req, limits.bodyBytes)
    const detail = { maxImages: limits.images, contentType }
    const answer = await service.submit(kind, body, detail, caller.signal)
    res.type('application/json').send(answer)
  }
}

const IMAGE_TYPES = new Set([...IMAGE_FORMATS.map((format) => `image/${format}`), 'image/jpg', 'image/*'])

function scoreKind(req: Request): ScoreKind {
  const type = (req.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (type === 'application/json') return 'score-json'
  if (type === 'multipart/form-data') return 'score-multipart'
  if (IMAGE_TYPES.has(type)) return 'score-image'
  throw new HttpError(
    'unsupported-media-type',
    `POST /score takes application/json, multipart/form-data or an image (${IMAGE_FORMATS.join(', ')}); got ${type || 'no Content-Type'}`,
  )
}
