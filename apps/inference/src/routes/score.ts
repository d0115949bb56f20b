import { IMAGE_FORMATS } from '@repo/classifier'
import type { Request, RequestHandler } from 'express'
import { isImageType, mediaType } from '../http/media-type.js'
import { HttpError } from '../http/problem.js'
import { answerFromWorker, type RequestLimits } from '../http/worker-answer.js'
import type { ModelService } from '../model-service.js'
import type { ScoreKind } from '../worker/score.js'

/**
 * POST /score — the original's contract: `{"input": "[\"<base64 image>\", ...]"}` as application/json. Also takes one
 * image as the body itself, or files of a form. The answer is the same for all.
 */
export function score(deps: { service: ModelService; limits: RequestLimits }): RequestHandler {
  return (req, res) => answerFromWorker(req, res, scoreKind(req), deps)
}

function scoreKind(req: Request): ScoreKind {
  const type = mediaType(req)
  if (type === 'application/json') return 'score-json'
  if (type === 'multipart/form-data') return 'score-multipart'
  if (isImageType(type)) return 'score-image'
  throw new HttpError(
    'unsupported-media-type',
    `POST /score takes application/json, multipart/form-data or an image (${IMAGE_FORMATS.join(', ')}); got ${type || 'no Content-Type'}`,
  )
}
