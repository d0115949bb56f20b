import type { RequestHandler } from 'express'
import type { RequestTrace, TraceCaller } from '../request-trace.js'
import type { Tracing } from '../tracing.js'

declare global {
  namespace Express {
    interface Locals {
      /** For the log: the caller's, or with tracing on our own. */
      traceId?: string
      /** Only with tracing on. */
      trace?: RequestTrace
    }
  }
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/**
 * Reads the W3C headers (https://www.w3.org/TR/trace-context/).
 * @returns undefined for anything that the standard does not allow: it is then as if no header had come
 */
export function parseTraceParent(traceparent = '', state?: string): TraceCaller | undefined {
  const match = TRACEPARENT.exec(traceparent)
  if (!match) return undefined
  const [, version, traceId = '', spanId = '', flags = '', more] = match
  // Version 00 ends with the flags; later ones may go on. ff is no version.
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, flags: Number.parseInt(flags, 16), state }
}

/** Takes up the caller's trace, for the log, and with tracing on for the spans too. */
export function traceContext(tracing: Tracing | undefined): RequestHandler {
  return (req, res, next) => {
    // Node joins a header that came twice by commas, which is no valid one.
    const caller = parseTraceParent(req.get('traceparent'), req.get('tracestate'))
    const trace = tracing?.begin(req.method, req.path, caller)
    if (trace) res.locals.trace = trace
    const traceId = trace?.traceId ?? caller?.traceId
    if (traceId !== undefined) res.locals.traceId = traceId
    next()
  }
}
