import type { Span, Tracer } from '@opentelemetry/api'
import { TIMINGS_PER_RUN, type Timings, threadStartMs } from '@repo/classifier'
import { CLIENT_LEFT, knownMethod } from './http/labels.js'

/** The span in whose course a request was sent to us, as its headers name it. */
export interface TraceCaller {
  /** 32 hex digits. */
  traceId: string
  /** 16 hex digits. */
  spanId: string
  flags: number
  /** The header `tracestate`. */
  state: string | undefined
}

/** The span of one request, and those below it. */
export interface RequestTrace {
  readonly traceId: string
  /** The header by which what is done elsewhere becomes a child of this. */
  readonly traceparent: string
  /** Adds what a worker did for it, in the pool's terms. */
  worked(submitted: number, started: number, timings: Timings): void
  /** @param route the route's template; undefined when none took the request */
  end(route: string | undefined, status: number): void
}

/** Told what a worker did for a request. */
export type WorkObserver = Pick<RequestTrace, 'worked'>

/** @returns begins the trace of a request */
export function requestTraces(api: typeof import('@opentelemetry/api'), tracer: Tracer) {
  // The workers' times are on the clock of all threads, ours on `performance.now()`.
  const threadStart = threadStartMs()

  return (method: string, path: string, caller: TraceCaller | undefined): RequestTrace => {
    const now = performance.now()
    // Fixed for each request, so that its spans fit together whatever becomes of the wall clock.
    const epoch = Date.now() - now
    const outer = caller
      ? api.trace.setSpanContext(api.ROOT_CONTEXT, {
          traceId: caller.traceId,
          spanId: caller.spanId,
          traceFlags: caller.flags & api.TraceFlags.SAMPLED,
          isRemote: true,
          ...(caller.state === undefined ? {} : { traceState: api.createTraceState(caller.state) }),
        })
      : api.ROOT_CONTEXT
    const attributes = { 'http.request.method': knownMethod(method), 'url.path': path }
    const options = { kind: api.SpanKind.SERVER, startTime: epoch + now, attributes }
    const span = tracer.startSpan(knownMethod(method), options, outer)
    const { traceId, spanId, traceFlags } = span.spanContext()
    const inner = api.trace.setSpan(outer, span)
    const part = (name: string, start: number, ms: number) =>
      tracer.startSpan(name, { startTime: epoch + start }, inner).end(epoch + start + ms)

    return {
      traceId,
      traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
      worked(submitted, started, timings) {
        if (!span.isRecording()) return
        part('queue', submitted, started - submitted)
        for (let at = 0; at < timings.length; at += TIMINGS_PER_RUN) {
          const [decodeAt, decodeMs, runAt, runMs] = timings.slice(at, at + TIMINGS_PER_RUN) as Run
          // A prepared tensor was not decoded.
          if (decodeAt !== 0) part('decode', decodeAt - threadStart, decodeMs)
          part('inference', runAt - threadStart, runMs)
        }
      },
      end(route, status) {
        if (!span.isRecording()) return
        if (route !== undefined) {
          span.updateName(`${knownMethod(method)} ${route}`)
          span.setAttribute('http.route', route)
        }
        setStatus(span, status)
        if (status >= 500) span.setStatus({ code: api.SpanStatusCode.ERROR })
        span.end(epoch + performance.now())
      },
    }
  }
}

type Run = [decodeAt: number, decodeMs: number, runAt: number, runMs: number]

/** In OpenTelemetry's words for HTTP. */
function setStatus(span: Span, status: number): void {
  if (status === CLIENT_LEFT) {
    span.setAttribute('error.type', 'client_left')
    return
  }
  span.setAttribute('http.response.status_code', status)
  if (status >= 500) span.setAttribute('error.type', String(status))
}
