import { STATUS_CODES } from 'node:http'
import type { ClassifierError } from '@repo/classifier'
import type { ErrorRequestHandler, RequestHandler, Response } from 'express'
import type { Logger } from 'pino'
import type { Metrics } from '../metrics.js'
import { sendJson } from './send-json.js'

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
  unauthorized: 401,
  'not-found': 404,
  'method-not-allowed': 405,
  'request-timeout': 408,
  'unsupported-media-type': 415,
  'body-too-large': 413,
  'body-incomplete': 400,
  'malformed-request': 400,
  'precondition-failed': 412,
  'range-not-satisfiable': 416,
  'expectation-failed': 417,
  'headers-too-large': 431,
  'malformed-json': 400,
  'malformed-multipart': 400,
  'invalid-input': 400,
  'not-base64': 400,
  'too-many-images': 413,
  'image-unsupported': 400,
  'image-undecodable': 400,
  'image-too-large': 413,
  'no-preview': 404,
  'not-ready': 503,
  'queue-full': 503,
  'bodies-full': 503,
  deadline: 503,
  stopped: 503,
  'endpoint-busy': 503,
  'endpoint-failed': 502,
  'endpoint-timeout': 504,
  'output-not-finite': 500,
}

/** Codes of requests that are refused though nothing is wrong with them. */
export const REJECTIONS = Object.keys(STATUS).filter((code) => STATUS[code] === 503)

interface ErrorDeps {
  logger: Logger
  metrics: Metrics
}

/** Answers any error as RFC 9457 `application/problem+json`. */
export function problemHandler(deps: ErrorDeps): ErrorRequestHandler {
  return errorHandler(deps, (res, { status, code, detail, details }) => {
    const requestId = res.getHeader('x-request-id')
    const { text } = problemText(status, code, detail, details, requestId)
    sendJson(res, text, 'application/problem+json')
  })
}

/** An RFC 9457 problem, and the title in it, which is the status's own. */
export function problemText(
  status: number,
  code: string,
  detail: string,
  details: object | undefined,
  requestId: unknown,
): { title: string | undefined; text: string } {
  const title = STATUS_CODES[status]
  const problem = { type: 'about:blank', title, status, code, detail, ...details, requestId }
  return { title, text: JSON.stringify(problem) }
}

export function statusOf({ code }: HttpError): number {
  return STATUS[code] ?? 500
}

/** Answers any error as the Open Inference Protocol wants it: `{"error": "..."}`. */
export function protocolErrorHandler(deps: ErrorDeps): ErrorRequestHandler {
  return errorHandler(deps, (res, { detail }) => res.json({ error: detail }))
}

/** What an answer may say of an error. */
interface Shown {
  status: number
  code: string
  detail: string
  details?: object
}

function errorHandler(
  { logger, metrics }: ErrorDeps,
  answer: (res: Response, shown: Shown) => void,
): ErrorRequestHandler {
  return (thrown: Thrown, req, res, next) => {
    const error: Thrown = STATUS[thrown.code ?? ''] === undefined ? asHttpError(thrown) : thrown
    const known = STATUS[error.code ?? '']
    const status = known ?? 500
    if (status === 503) metrics.rejected(error.code ?? '')
    // Nobody is there any more, and Express itself would print the error.
    const gone = res.destroyed || req.socket.destroyed
    if (gone && (status !== 500 || error.code === 'cancelled')) return
    if (status === 500) {
      const requestId = res.getHeader('x-request-id')
      logger.error({ err: error, requestId, traceId: res.locals.traceId }, 'a request failed')
    }
    // The answer has begun: nothing can be said any more.
    if (res.headersSent || gone) return next(error)
    if (status === 503) res.set('retry-after', String((error as ClassifierError).retryAfterSeconds ?? 1))
    if (error.headers) res.set(error.headers)
    res.status(status)
    if (known === undefined) return answer(res, { status, ...INTERNAL })
    const { code = '', message: detail, details = {} } = error
    return answer(res, { status, code, detail, details })
  }
}

type Thrown = Error & {
  code?: string
  details?: object
  status?: number
  headers?: Record<string, string>
}

/** What Express and its file server refuse comes with a status: a path that is no UTF-8, a range that is not there. */
const REFUSALS: Record<number, string> = {
  400: 'malformed-request',
  412: 'precondition-failed',
  416: 'range-not-satisfiable',
}

function asHttpError(thrown: Thrown): Thrown {
  const code = REFUSALS[thrown.status ?? 500]
  return code === undefined ? thrown : new HttpError(code, thrown.message, thrown.headers)
}

const INTERNAL = {
  code: 'internal',
  detail: 'Something went wrong on our side; the log has more under the request id.',
}

/** For requests that no route took. */
export const notFound: RequestHandler = (req) => {
  throw new HttpError('not-found', `there is no ${req.path}; GET / and POST /score are good places to begin`)
}

/** For a known path with another method. */
export function onlyMethods(...methods: string[]): RequestHandler {
  return (req) => {
    const allow = methods.join(', ')
    const path = req.baseUrl + req.path
    throw new HttpError('method-not-allowed', `${path} takes ${allow}, not ${req.method}`, { allow })
  }
}
