import { IMAGE_FORMATS } from '@repo/classifier'
import type { RequestHandler } from 'express'
import { isImageType, mediaType } from '../http/media-type.js'
import { HttpError } from '../http/problem.js'
import { answerFromWorker, type RequestLimits } from '../http/worker-answer.js'
import type { ModelService } from '../model-service.js'

/** POST /preview — an image as the model sees it: cropped, resized, gray where the model is. Takes the image as the body. */
export function preview(deps: { service: ModelService; limits: RequestLimits }): RequestHandler {
  return (req, res) => {
    const type = mediaType(req)
    if (!isImageType(type)) {
      throw new HttpError(
        'unsupported-media-type',
        `POST /preview takes an image (${IMAGE_FORMATS.join(', ')}); got ${type || 'no Content-Type'}`,
      )
    }
    return answerFromWorker(req, res, 'preview', deps, (png) =>
      res.type('png').send(Buffer.from(png, 'base64')),
    )
  }
}
