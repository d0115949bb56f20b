import type { RequestHandler } from 'express'
import type { Metrics } from '../metrics.js'

/** GET /metrics — for Prometheus, in its text format. */
export function metricsText({ registry }: Metrics): RequestHandler {
  return async (_req, res) => {
    res.type(registry.contentType).send(await registry.metrics())
  }
}
