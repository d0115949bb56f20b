import type { RequestHandler } from 'express'
import type { Logger } from 'pino'

/** Paths that a platform calls every few seconds. */
const PROBES = new Set(['/healthz', '/readyz'])

/** Logs one line for each answer: never a query, a header or a body, where people's data would be. */
export function accessLog(logger: Logger): RequestHandler {
  return (req, res, next) => {
    const start = performance.now()
    res.once('close', () => {
      const line = {
        requestId: res.getHeader('x-request-id'),
        method: req.method,
        path: req.path,
        status: res.writableFinished ? res.statusCode : 'client left',
        ms: Math.round((performance.now() - start) * 10) / 10,
      }
      if (PROBES.has(req.path)) logger.debug(line, 'request')
      else logger.info(line, 'request')
    })
    next()
  }
}
