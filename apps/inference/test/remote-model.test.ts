import { readFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { sampleBundles } from '@repo/sample-model'
import { pino } from 'pino'
import { RemoteModel, type RemoteModelOptions } from '../src/remote-model.js'
import { type Problem, type ScoreAnswer, sampleBundle, startApp, type TestApp } from './support.js'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const image = await readFile(join(sampleBundle, 'samples/00-ankle-boot.png'))
const logger = pino({ level: 'silent' })

async function backend(options: Parameters<typeof startApp>[0] = {}): Promise<TestApp> {
  const app = await startApp(options)
  closing.push(() => app.close())
  return app
}

function remote(endpoint: string, options: Partial<RemoteModelOptions> = {}): RemoteModel {
  return new RemoteModel(
    { endpoint, modelFolder: sampleBundle, limit: 8, timeoutMs: 10_000, ...options },
    logger,
  )
}

/** An app in front of the endpoint. */
async function front(endpoint: string, options: Partial<RemoteModelOptions> = {}): Promise<TestApp> {
  return backend({ service: remote(endpoint, options) })
}

async function score(url: string, body: Uint8Array | string, type: string): Promise<Response> {
  return fetch(`${url}/score`, { method: 'POST', headers: { 'content-type': type }, body })
}

/** The model in the answer of GET /version. */
async function version(url: string): Promise<object> {
  const { model } = (await (await fetch(`${url}/version`)).json()) as { model: object }
  return model
}

/** Answers every request after what `answer` says; undefined: never. */
async function stub(
  answer: (path: string, headers: IncomingHttpHeaders) => { status: number; body?: unknown } | undefined,
): Promise<string> {
  const server = createServer((req, res) => {
    const wanted = answer(req.url ?? '', req.headers)
    if (wanted) res.writeHead(wanted.status, { 'retry-after': '7' }).end(JSON.stringify(wanted.body ?? {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const METADATA = {
  name: 'fashion-mnist',
  versions: ['2.0.0'],
  inputs: [{ name: 'input', datatype: 'FP32', shape: [-1, 1, 28, 28] }],
  outputs: [{ name: 'logits', datatype: 'FP32', shape: [-1, 10] }],
}

/** An endpoint with a ready model whose infer does something else. */
function ready(infer: { status: number; body?: unknown } | undefined) {
  return stub((path) => (path.endsWith('/infer') ? infer : { status: 200, body: METADATA }))
}

test('when the model is an endpoint of its own, then every form of a request gets the same answer as there', async () => {
  const behind = await backend()
  const app = await front(behind.url)
  const base64 = image.toString('base64')
  const form = new FormData()
  form.append('image', new Blob([image]))
  const wanted = (await (await score(behind.url, image, 'image/png')).json()) as ScoreAnswer
  const answers = [
    await score(app.url, image, 'image/png'),
    await score(app.url, JSON.stringify({ input: JSON.stringify([base64]) }), 'application/json'),
    await fetch(`${app.url}/score`, { method: 'POST', body: form }),
  ]
  for (const answer of answers) {
    expect(answer.status).toBe(200)
    expect(((await answer.json()) as ScoreAnswer).result[0]).toEqual(wanted.result[0])
  }
})

test('when asked for its version, then it names the model and where it is', async () => {
  const behind = await backend()
  const app = await front(behind.url)
  const [ours, theirs] = await Promise.all([app, behind].map(async ({ url }) => await version(url)))
  expect(ours).toEqual({ ...theirs, endpoint: behind.url })
})

test('when the endpoint speaks /v2, then the same requests work through the front', async () => {
  const behind = await backend()
  const app = await front(behind.url)
  const body = JSON.stringify({
    id: 'a',
    inputs: [{ name: 'input', shape: [1], datatype: 'BYTES', data: [image.toString('base64')] }],
  })
  const answers = await Promise.all(
    [app, behind].map(async ({ url }) => {
      const metadata = await (await fetch(`${url}/v2/models/fashion-mnist`)).json()
      const headers = { 'content-type': 'application/json' }
      const infer = await fetch(`${url}/v2/models/fashion-mnist/infer`, { method: 'POST', headers, body })
      return { metadata, status: infer.status, answer: await infer.json() }
    }),
  )
  expect(answers[0]?.status).toBe(200)
  expect(answers[0]).toEqual(answers[1])
})

test('when one of several images is broken, then the error names it as without an endpoint', async () => {
  const behind = await backend()
  const app = await front(behind.url)
  const input = [image.toString('base64'), Buffer.from('no image').toString('base64')]
  const answer = await score(app.url, JSON.stringify({ input }), 'application/json')
  const problem = (await answer.json()) as Problem & { image: number }
  expect(answer.status).toBe(400)
  expect(problem.image).toBe(1)
  expect(problem.detail).toMatch(/^image 1: (?!image)/)
})

test('when the endpoint still loads, then the front is not ready, and becomes so with it', async () => {
  const behind = await backend({ loading: true })
  const service = remote(behind.url)
  const app = await backend({ service, loading: true })
  const started = service.start()
  expect((await fetch(`${app.url}/readyz`)).status).toBe(503)
  expect((await score(app.url, image, 'image/png')).status).toBe(503)
  await behind.service.start()
  await started
  expect((await fetch(`${app.url}/readyz`)).status).toBe(200)
})

test('when the endpoint wants a key, then the front sends its own', async () => {
  const apiKey = 'a-key-of-sixteen-characters'
  const behind = await backend({ app: { apiKeys: [apiKey] } })
  const app = await front(behind.url, { apiKey })
  expect((await score(app.url, image, 'image/png')).status).toBe(200)
})

test('when the endpoint serves a model of another name or width, then the start fails and says so', async () => {
  const other = await stub(() => ({ status: 404 }))
  await expect(remote(other).start()).rejects.toThrow(/no model "fashion-mnist"/)
  const narrow = await stub(() => ({
    status: 200,
    body: { ...METADATA, outputs: [{ name: 'logits', datatype: 'FP32', shape: [-1, 9] }] },
  }))
  await expect(remote(narrow).start()).rejects.toThrow(/9 values.*10 labels/)
})

const tensor = (name: string, shape: number[]) => ({ name, datatype: 'FP32', shape })
const VALUES = Array.from({ length: 10 }, (_, index) => (index === 3 ? 100 : 0))

test('when the endpoint has several outputs, then the one that the bundle names is used, in whatever order', async () => {
  const outputs = [tensor('features', [-1, 512]), tensor('logits', [-1, 10, 1, 1])]
  const answer = [
    { ...tensor('features', [1, 2]), data: [7, 7] },
    { ...tensor('logits', [1, 10, 1, 1]), data: VALUES },
  ]
  const endpoint = await stub((path) => ({
    status: 200,
    body: path.endsWith('/infer') ? { outputs: answer } : { ...METADATA, outputs },
  }))
  const app = await front(endpoint)
  const { result } = (await (await score(app.url, image, 'image/png')).json()) as ScoreAnswer
  expect(result[0][0]?.[0]).toEqual(['Dress', 100])
})

test('when the endpoint has no output of the name in the bundle, then the start fails and says so', async () => {
  const outputs = [tensor('features', [-1, 10])]
  const endpoint = await stub(() => ({ status: 200, body: { ...METADATA, outputs } }))
  await expect(remote(endpoint).start()).rejects.toThrow(/no output "logits".*it has "features"/)
})

test('when a request has an id and a trace, then what it asks of the endpoint has them too', async () => {
  const seen: IncomingHttpHeaders[] = []
  const endpoint = await stub((path, headers) => {
    if (!path.endsWith('/infer')) return { status: 200, body: METADATA }
    seen.push(headers)
    return { status: 200, body: { outputs: [{ ...tensor('logits', [1, 10]), data: VALUES }] } }
  })
  const app = await front(endpoint)
  const trace = {
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    tracestate: 'vendor=1',
  }
  const send = (headers: Record<string, string>) =>
    fetch(`${app.url}/score`, {
      method: 'POST',
      body: image,
      headers: { 'content-type': 'image/png', ...headers },
    })
  await send({ 'x-request-id': 'from-the-caller', ...trace })
  const plain = await send({ traceparent: 'nonsense', tracestate: 'vendor=1' })
  expect(seen[0]).toMatchObject({ 'x-request-id': 'from-the-caller', ...trace })
  expect(seen[1]?.['x-request-id']).toBe(plain.headers.get('x-request-id'))
  expect(seen[1]).not.toHaveProperty('traceparent')
  expect(seen[1]).not.toHaveProperty('tracestate')
})

test('when the endpoint serves another version, then that version is told and no hash is claimed', async () => {
  const behind = await backend()
  const app = await front(behind.url, { modelFolder: sampleBundles[0] ?? '' })
  expect(await version(app.url)).toMatchObject({ version: '2.0.0', sha256: 'unknown' })
})

test.each([
  ['is busy', { status: 503 }, 503, 'endpoint-busy'],
  ['fails', { status: 500 }, 502, 'endpoint-failed'],
  ['answers nonsense', { status: 200, body: { outputs: [] } }, 502, 'endpoint-failed'],
  [
    'answers with too few values',
    { status: 200, body: { outputs: [{ name: 'logits', data: [1, 2] }] } },
    502,
    'endpoint-failed',
  ],
  ['does not answer', undefined, 504, 'endpoint-timeout'],
])('when the endpoint %s, then the answer says so', async (_what, infer, status, code) => {
  const app = await front(await ready(infer), { timeoutMs: 500 })
  const answer = await score(app.url, image, 'image/png')
  expect(answer.status).toBe(status)
  expect(((await answer.json()) as Problem).code).toBe(code)
  if (status === 503) expect(answer.headers.get('retry-after')).toBe('7')
})

test('when the endpoint is gone, then the answer says so, and the front lives on', async () => {
  const behind = await startApp()
  const app = await front(behind.url)
  await behind.close()
  const answer = await score(app.url, image, 'image/png')
  expect(answer.status).toBe(502)
  expect((await fetch(`${app.url}/healthz`)).status).toBe(200)
})

test('when more requests are under way than allowed, then the next is told to come again', async () => {
  const app = await front(await ready(undefined), { limit: 1, timeoutMs: 1_000 })
  const first = score(app.url, image, 'image/png')
  const statuses = [(await score(app.url, image, 'image/png')).status, (await first).status]
  expect(statuses.sort()).toEqual([503, 504])
})
