import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readBundle } from '@repo/model-bundle'
import { pino } from 'pino'
import { environmentSchema } from '../src/env.js'
import { RemoteModel } from '../src/remote-model.js'
import { startTracing, tracingOptions } from '../src/tracing.js'
import { attributesOf, type OtlpReceiver, type OtlpSpan, startReceiver } from './otlp-receiver.js'
import { type AppProcess, startProcess, whenReady } from './process.js'
import { originalBody, sampleBundle, startApp } from './support.js'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const SERVER_KIND = 2
const ERROR = 2

let image: Buffer
let receiver: OtlpReceiver
beforeAll(async () => {
  const { manifest } = await readBundle(sampleBundle)
  image = await readFile(join(sampleBundle, manifest.samples[0]!.file))
  receiver = await startReceiver()
})
afterAll(() => receiver.close())

const score = (url: string, headers: Record<string, string> = {}, images = 1) =>
  fetch(`${url}/score`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: originalBody(...Array.from({ length: images }, () => image)),
  })

/** Runs `use` with the app, ends the app, which sends its last spans, and gives what it logged. */
async function withProcess(
  env: Record<string, string>,
  use: (url: string, app: AppProcess) => Promise<void>,
): Promise<string> {
  const app = startProcess(env)
  try {
    await use(await whenReady(app), app)
  } finally {
    app.child.kill('SIGTERM')
    expect(await app.ended).toEqual({ code: 0, signal: null })
  }
  return app.output()
}

const started = (span: OtlpSpan) => BigInt(span.startTimeUnixNano)
const ended = (span: OtlpSpan) => BigInt(span.endTimeUnixNano)

describe('with OTEL_EXPORTER_OTLP_ENDPOINT', () => {
  let log: string
  beforeAll(async () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_SERVICE_NAME: 'my-service',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,team=a%20b,service.name=not-this',
      APP_VERSION: '4.5.6',
    }
    log = await withProcess(env, async (url) => {
      await score(url, { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: 'vendor=1' }, 2)
      await score(url, { traceparent: `00-${TRACE.replaceAll('0', 'e')}-${SPAN}-00` })
      await fetch(`${url}/v2/models/nope`)
      await fetch(`${url}/nope?secret=1`)
    })
  })

  const inTrace = () => receiver.spans.filter(({ traceId }) => traceId === TRACE)
  const named = (name: string) => receiver.spans.find((span) => span.name === name)!

  test('when it stops, then its spans have come to /v1/traces, as JSON', () => {
    expect(new Set(receiver.requests)).toEqual(new Set(['POST /v1/traces application/json']))
    expect(receiver.resource).toEqual({
      'service.name': 'my-service',
      'service.version': '4.5.6',
      'deployment.environment.name': 'test',
      team: 'a b',
    })
  })

  test("when the caller names its span, then ours is that span's child", () => {
    const [server] = inTrace().filter(({ kind }) => kind === SERVER_KIND)
    expect(server).toMatchObject({ name: 'POST /score', parentSpanId: SPAN, traceState: 'vendor=1' })
    expect(attributesOf(server!)).toEqual({
      'http.request.method': 'POST',
      'http.route': '/score',
      'http.response.status_code': 200,
      'url.path': '/score',
    })
  })

  test('when two images are scored, then queue, decode and inference are children in the order of time', () => {
    const spans = inTrace()
    const server = spans.find(({ kind }) => kind === SERVER_KIND)!
    // By their middles: a part begins at the microsecond in which the one before it ends.
    const middle = (span: (typeof spans)[number]) => started(span) + ended(span)
    const parts = spans.filter((span) => span !== server).sort((a, b) => (middle(a) < middle(b) ? -1 : 1))
    expect(parts.map(({ name }) => name)).toEqual(['queue', 'decode', 'inference', 'decode', 'inference'])
    let last = started(server) - 2000n
    for (const part of parts) {
      expect(part.parentSpanId).toBe(server.spanId)
      expect(started(part)).toBeGreaterThanOrEqual(last)
      expect(ended(part)).toBeGreaterThanOrEqual(started(part))
      // Times are floating-point milliseconds since 1970 on their way, which keep a microsecond.
      last = ended(part) - 2000n
    }
    expect(ended(server)).toBeGreaterThanOrEqual(last)
  })

  test('when the caller does not sample its trace, then nothing of it is sent', () => {
    expect(receiver.spans.map(({ traceId }) => traceId)).not.toContain(TRACE.replaceAll('0', 'e'))
  })

  test('when no trace is named, then a new one begins, named by the route and not by the path', () => {
    const span = named('GET /v2/models/:model')
    expect(span.parentSpanId ?? '').toBe('')
    expect(attributesOf(span)['http.response.status_code']).toBe(404)
    expect(named('GET')).toBeDefined()
    expect(JSON.stringify(receiver.spans)).not.toContain('secret')
  })

  test('when a line is logged, then it has the trace of its span', () => {
    const lines = log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.find(({ path }) => path === '/score').traceId).toBe(TRACE)
    expect(lines.find(({ path }) => path === '/nope').traceId).toBe(named('GET').traceId)
  })
})

describe('tracing', () => {
  test('when the model is not there yet, then the span is an error', async () => {
    const own = await startReceiver()
    const options = tracingOptions(
      environmentSchema.parse({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${own.url}/any/path` }),
      '1.0.0',
    )
    const tracing = await startTracing(options!, pino({ level: 'silent' }))
    const app = await startApp({ loading: true, app: { tracing } })
    expect((await score(app.url)).status).toBe(503)
    await app.close()
    await tracing.stop()
    await own.close()
    expect(own.requests).toEqual(['POST /any/path application/json'])
    const [span] = own.spans
    expect(span).toMatchObject({ name: 'POST /score', status: { code: ERROR } })
    expect(attributesOf(span!)).toMatchObject({ 'http.response.status_code': 503, 'error.type': '503' })
  })

  test('when the model is an endpoint of its own, then what is asked of it is a child of the span', async () => {
    const [own, behind] = [await startReceiver(), await startApp()]
    const options = tracingOptions(environmentSchema.parse({ OTEL_EXPORTER_OTLP_ENDPOINT: own.url }), '1.0.0')
    const logger = pino({ level: 'silent' })
    const tracing = await startTracing(options!, logger)
    const remote = { endpoint: behind.url, modelFolder: sampleBundle, limit: 8, timeoutMs: 10_000 }
    const app = await startApp({ service: new RemoteModel(remote, logger), app: { tracing } })
    expect((await score(app.url)).status).toBe(200)
    for (const { close } of [app, behind]) await close()
    await tracing.stop()
    await own.close()
    const asked = behind.logs.map((line) => JSON.parse(line)).find(({ path = '' }) => path.endsWith('/infer'))
    expect(asked).toMatchObject({ traceId: own.spans[0]?.traceId })
  })

  test('when the collector is away, then requests are answered and the loss is logged', async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }
    const log = await withProcess(env, async (url) => {
      expect((await score(url)).status).toBe(200)
    })
    expect(log).toContain('spans were lost')
  })

  test('when the sampler takes none, then none is sent, and the log has traces all the same', async () => {
    const own = await startReceiver()
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: own.url, OTEL_TRACES_SAMPLER: 'always_off' }
    const log = await withProcess(env, async (url) => {
      await score(url, { traceparent: `00-${TRACE}-${SPAN}-01` })
    })
    await own.close()
    expect(own.spans).toEqual([])
    expect(log).toContain(`"traceId":"${TRACE}"`)
  })
})

describe('tracingOptions', () => {
  const options = (env: Record<string, string>) => tracingOptions(environmentSchema.parse(env), '1.0.0')
  const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector:4318/'

  test('when no endpoint is named, or OpenTelemetry is disabled, then undefined', () => {
    expect(options({})).toBeUndefined()
    expect(options({ OTEL_SERVICE_NAME: 'x' })).toBeUndefined()
    expect(options({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' })).toBeUndefined()
  })

  test('when only an endpoint is named, then the rest has the usual defaults', () => {
    expect(options({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: 'no' })).toEqual({
      url: 'http://collector:4318/v1/traces',
      resource: { 'service.name': 'inference', 'service.version': '1.0.0' },
      sampler: 'parentbased_always_on',
      ratio: 1,
    })
  })

  test.each([
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'ftp://collector'],
    ['OTEL_TRACES_SAMPLER', 'sometimes'],
    ['OTEL_TRACES_SAMPLER_ARG', '2'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'no pair'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=%zz'],
  ])('when %s is %s, then it is refused', (name, text) => {
    expect(environmentSchema.safeParse({ [name]: text }).error?.issues[0]?.path[0]).toBe(name)
  })
})
