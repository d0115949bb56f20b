import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Env } from './env.js'
import { type RequestTrace, requestTraces, type TraceCaller } from './request-trace.js'

export interface TracingOptions {
  /** Where spans are sent, by OTLP over HTTP, in JSON. */
  url: string
  /** What the spans say of their sender: `service.name` and more. */
  resource: Record<string, string>
  sampler: Env['OTEL_TRACES_SAMPLER']
  /** For the samplers by ratio: the share of traces that is kept, 0 to 1. */
  ratio: number
}

/** Makes the spans of requests. */
export interface Tracing {
  begin(method: string, path: string, caller: TraceCaller | undefined): RequestTrace
  /** Sends what is left. Never fails, and takes a few seconds at most: a collector that is away must not hold us. */
  stop(): Promise<void>
}

/**
 * What the environment wants.
 * @param version the app's
 * @returns undefined when it wants no tracing
 */
export function tracingOptions(env: Env, version: string): TracingOptions | undefined {
  const collector = env.OTEL_EXPORTER_OTLP_ENDPOINT
  const url =
    env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? (collector && `${collector.replace(/\/+$/, '')}/v1/traces`)
  if (url === undefined || env.OTEL_SDK_DISABLED || env.OTEL_TRACES_EXPORTER === 'none') return undefined
  const resource: Record<string, string> = {
    'service.name': 'inference',
    'service.version': version,
    ...env.OTEL_RESOURCE_ATTRIBUTES,
  }
  if (env.OTEL_SERVICE_NAME !== undefined) resource['service.name'] = env.OTEL_SERVICE_NAME
  return { url, resource, sampler: env.OTEL_TRACES_SAMPLER, ratio: env.OTEL_TRACES_SAMPLER_ARG }
}

/** How long the last spans may take to be sent, in milliseconds. */
const FLUSH_MS = 3_000

/**
 * Starts tracing. OpenTelemetry is loaded only here: who does not use it does not pay for it.
 * @param logger is told when spans cannot be sent; requests are answered all the same
 */
export async function startTracing(options: TracingOptions, logger: Logger): Promise<Tracing> {
  const [api, sdk, { resourceFromAttributes }, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ])
  const exporter = new OTLPTraceExporter({ url: options.url })
  const send = exporter.export.bind(exporter)
  exporter.export = (spans, done) =>
    send(spans, (result) => {
      if (result.error) logger.warn({ spans: spans.length, reason: result.error.message }, 'spans were lost')
      done(result)
    })

  const ratio = new sdk.TraceIdRatioBasedSampler(options.ratio)
  const [on, off] = [new sdk.AlwaysOnSampler(), new sdk.AlwaysOffSampler()]
  const samplers = {
    always_on: on,
    always_off: off,
    traceidratio: ratio,
    parentbased_always_on: new sdk.ParentBasedSampler({ root: on }),
    parentbased_always_off: new sdk.ParentBasedSampler({ root: off }),
    parentbased_traceidratio: new sdk.ParentBasedSampler({ root: ratio }),
  }
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes(options.resource),
    sampler: samplers[options.sampler],
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter, maxQueueSize: 8192 })],
  })

  return {
    begin: requestTraces(api, provider.getTracer('inference')),
    async stop() {
      const patience = new AbortController()
      const enough = sleep(FLUSH_MS, 'late', { signal: patience.signal, ref: false }).catch(() => {})
      const sent = provider.shutdown().catch(() => {})
      if ((await Promise.race([sent, enough])) === 'late')
        logger.warn('spans were lost: sending them took too long')
      patience.abort()
    },
  }
}
