import { STATUS_CODES } from 'node:http'
import type { ClassifierError } from '@repo/classifier'
import type { ErrorRequestHandler, RequestHandler } from 'express'
import type { Logger } from 'pino'

/** An error of the HTTP layer itself; `code` is one of the keys of STATUS. */
export class HttpError extends Error {
  override readonly name = 'HttpError'

  constructor(
    readonly code: string,
    message: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message)
  }
}

/** The one place where errors become statuses. A code that is not here is a fault of ours: 500, and nothing is shown. */
const STATUS: Record<string, number> = {
  'not-found': 404,
  'method-not-allowed': 405,
  'unsupported-media-type': 415,
  'body-too-large': 413,
  'body-incomplete': 400,
  'malformed-json': 400,
  'malformed-multipart': 400,
  'invalid-input': 400,
  'not-base64': 400,
  'too-many-images': 413,
  'image-unsupported': 400,
  'image-undecodable': 400,
  'image-too-large': 413,
  'not-ready': 503,
  'queue-full': 503,
  deadline: 503,
  stopped: 503,
}

/** Answers any error as RFC 9457 `application/problem+json`. */
export function problemHandler(logger: Logger): ErrorRequestHandler {
  return (
    error: Error & { code?: string; details?: object; headers?: Record<string, string> },
    _req,
    res,
    next,
  ) => {
    const requestId = res.getHeader('x-request-id')
    const status = STATUS[error.code ?? ''] ?? 500
    if (status === 500) logger.error({ err: error, requestId }, 'a request failed')
    // The client left, or the answer has begun: nothing can be said any more.
    if (res.headersSent || res.destroyed) return next(error)
    if (status === 503)
      res.setHeader('retry-after', String((error as ClassifierError).retryAfterSeconds ?? 1))
    if (error instanceof HttpError) res.set(error.headers)
    const body = {
      type: 'about:blank',
      title: STATUS_CODES[status],
      status,
      code: status === 500 ? 'internal' : error.code,
      detail:
        status === 500
          ? 'Something went wrong on our side; the log has more under the request id.'
          : error.message,
      ...(status === 500 ? {} : error.details),
      requestId,
    }
    res.status(status).type('application/problem+json').send(JSON.stringify(body))
  }
}

/** For requests that no route took. */
export const notFound: RequestHandler = (req) => {
  throw new HttpError('not-found', `there is no ${req.path}; GET / and POST /score are good places to begin`)
}

/** For a known path with another method. */
export function onlyMethods(...methods: string[]): RequestHandler {
  return (req) => {
    const allow = methods.join(', ')
    throw new HttpError('method-not-allowed', `${req.path} takes ${allow}, not ${req.method}`, { allow })
  }
}
