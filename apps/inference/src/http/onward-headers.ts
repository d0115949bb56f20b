import type { Request, Response } from 'express'
import { parseTraceParent } from './trace-context.js'

/** For a request that is made because of this one: the same id, and the trace that it belongs to, if there is one. */
export function onwardHeaders(req: Request, res: Response): Record<string, string> {
  const given = req.get('traceparent')
  const caller = parseTraceParent(given, req.get('tracestate'))
  const traceparent = res.locals.trace?.traceparent ?? (caller && given)
  return {
    'x-request-id': String(res.getHeader('x-request-id')),
    ...(traceparent && { traceparent }),
    ...(caller?.state && { tracestate: caller.state }),
  }
}
