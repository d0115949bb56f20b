import type { Request, RequestHandler } from 'express'
import type { Logger } from 'pino'
import type { Metrics } from '../metrics.js'
import { CLIENT_LEFT, UNMATCHED } from './labels.js'
import { HttpError, statusOf } from './problem.js'
import type { RouteTemplates } from './route-templates.js'

/** Routes that a platform calls every few seconds. */
const PROBES = new Set<string | undefined>([
  '/healthz',
  '/readyz',
  '/metrics',
  '/v2/health/live',
  '/v2/health/ready',
])

export interface AccessLogOptions {
  logger: Logger
  metrics: Metrics
  /** Filled once the routes are there. */
  templates: RouteTemplates
}

/**
 * Logs one line for each answer — never a query, a header or a body, where people's data would be — and at the same
 * moment counts it and ends its span.
 */
export function accessLog({ logger, metrics, templates }: AccessLogOptions): RequestHandler {
  return (req, res, next) => {
    const start = performance.now()
    metrics.requestBegan()
    const { method, path } = req
    res.once('close', () => {
      const took = performance.now() - start
      const status = res.writableFinished ? res.statusCode : unfinishedStatus(req)
      const route = templates.get(req.route)
      metrics.requestEnded(method, route ?? UNMATCHED, status, took / 1000)
      res.locals.trace?.end(route, status)
      const line = {
        requestId: res.getHeader('x-request-id'),
        traceId: res.locals.traceId,
        method,
        path,
        status: status === CLIENT_LEFT ? 'client left' : status,
        ms: Math.round(took * 10) / 10,
      }
      if (PROBES.has(route)) logger.debug(line, 'request')
      else logger.info(line, 'request')
    })
    next()
  }
}

/** Of a request whose connection closed before its answer was out: our reason, if it was us who closed it. */
function unfinishedStatus(req: Request): number {
  const { errored } = req.socket
  return errored instanceof HttpError ? statusOf(errored) : CLIENT_LEFT
}
