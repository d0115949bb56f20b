import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readBundle } from '@repo/model-bundle'
import sharp from 'sharp'
import { originalBody, type Problem, sampleBundle, startApp, type TestApp } from './support.js'

let app: TestApp
let image: Buffer
beforeAll(async () => {
  app = await startApp({ limits: { bodyBytes: 200_000, images: 3 }, pool: { maxPixels: 1_000_000 } })
  const { manifest } = await readBundle(sampleBundle)
  image = await readFile(join(sampleBundle, manifest.samples[0]!.file))
})
afterAll(() => app.close())

async function post(
  body: string | Blob,
  type: string | null = 'application/json',
  headers: Record<string, string> = {},
) {
  const all = type === null ? headers : { 'content-type': type, ...headers }
  const response = await fetch(`${app.url}/score`, { method: 'POST', body, headers: all })
  const problem = (await response.json()) as Problem
  if (!response.ok) {
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(problem).toMatchObject({
      type: 'about:blank',
      status: response.status,
      requestId: expect.any(String),
    })
    expect(response.headers.get('x-request-id')).toBe(problem.requestId)
  }
  return { ...problem, status: response.status }
}

const good = () => image.toString('base64')
const list = (...elements: unknown[]) => JSON.stringify({ input: JSON.stringify(elements) })

describe('POST /score with bad input', () => {
  test.each([
    ['text/plain', 'text/plain'],
    ['form fields', 'application/x-www-form-urlencoded'],
    ['an SVG', 'image/svg+xml'],
    ['no type at all', null],
  ])('when the content type is %s, then 415 and what is taken', async (_, type) => {
    const body = new Blob([originalBody(image)])
    expect(await post(body, type)).toMatchObject({
      status: 415,
      detail: expect.stringContaining('application/json'),
    })
  })

  test('when the body is compressed, then 415', async () => {
    expect(await post(originalBody(image), 'application/json', { 'content-encoding': 'gzip' })).toMatchObject(
      { status: 415 },
    )
  })

  test.each<[string, string, string, string]>([
    ['an empty body', '', 'malformed-json', 'the body is not valid JSON'],
    ['no JSON', '{"input": [', 'malformed-json', 'the body is not valid JSON'],
    ['something after the JSON', '{"input":"[\\"aGk=\\"]"}}', 'malformed-json', 'the body is not valid JSON'],
    [
      'a list cut off inside the text',
      '{"input":"[\\"aGk=\\""}',
      'malformed-json',
      '"input" is not valid JSON',
    ],
    ['no object', '[1, 2]', 'invalid-input', '{"input":'],
    ['null', 'null', 'invalid-input', '{"input":'],
    ['no input', '{"inputs": []}', 'invalid-input', 'input'],
    ['a number as input', '{"input": 5}', 'invalid-input', 'input'],
    ['a text that holds no list', '{"input": "{}"}', 'invalid-input', 'must hold a list'],
    ['a text that holds no JSON', '{"input": "hello"}', 'malformed-json', '"input" is not valid JSON'],
  ])('when the body is %s, then 400 and why', async (_, body, code, detail) => {
    expect(await post(body)).toMatchObject({ status: 400, code, detail: expect.stringContaining(detail) })
  })

  test('when the body is not UTF-8, then 400', async () => {
    const body = Buffer.concat([Buffer.from('{"input": ["'), Buffer.from([0xff, 0xfe]), Buffer.from('"]}')])
    expect(await post(new Blob([body]))).toMatchObject({ status: 400, code: 'malformed-json' })
  })

  test.each<[string, () => unknown]>([
    ['is not base64', () => 'not base64!'],
    ['has one wrong character', () => `${good().slice(0, 10)}*${good().slice(11)}`],
    ['is cut to an impossible length', () => good().replace(/=+$/, '').slice(0, 9)],
    ['is a number', () => 42],
    ['is null', () => null],
    ['is a list', () => [good()]],
  ])('when the second element %s, then 400 names its index', async (_, element) => {
    expect(await post(list(good(), element()))).toMatchObject({
      status: 400,
      code: 'not-base64',
      image: 1,
      detail: expect.stringContaining('image 1 '),
    })
  })

  test('when an element is no image, then 400 names its index', async () => {
    const problem = await post(list(good(), good(), Buffer.from('hello').toString('base64')))
    expect(problem).toMatchObject({
      status: 400,
      code: 'image-unsupported',
      image: 2,
      detail: expect.stringContaining('image 2: '),
    })
  })

  test('when an image is broken, then 400 names its index', async () => {
    const broken = await sharp(image).jpeg().toBuffer()
    const problem = await post(list(broken.subarray(0, 200).toString('base64')))
    expect(problem).toMatchObject({ status: 400, code: 'image-undecodable', image: 0 })
  })

  test('when an image has too many pixels, then 413 says how many are taken', async () => {
    const wide = await sharp({ create: { width: 1001, height: 1000, channels: 3, background: '#fff' } })
      .png()
      .toBuffer()
    const problem = await post(list(wide.toString('base64')))
    expect(problem).toMatchObject({
      status: 413,
      code: 'image-too-large',
      detail: expect.stringContaining('1001 x 1000'),
    })
  })

  test('when there are too many images, then 413 says how many are taken', async () => {
    for (const body of [
      list(good(), good(), good(), good()),
      JSON.stringify({ input: [good(), good(), good(), good()] }),
    ]) {
      expect(await post(body)).toMatchObject({
        status: 413,
        code: 'too-many-images',
        detail: expect.stringContaining('at most 3'),
      })
    }
    const form = new FormData()
    for (let i = 0; i < 4; i++) form.append('image', new Blob([image]))
    const response = await fetch(`${app.url}/score`, { method: 'POST', body: form })
    expect(response.status).toBe(413)
  })

  test('when the body is over the limit, then 413, with a length or without', async () => {
    const large = 'x'.repeat(200_001)
    expect(await post(large)).toMatchObject({
      status: 413,
      code: 'body-too-large',
      detail: expect.stringContaining('200000'),
    })
    const response = await fetch(`${app.url}/score`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: ReadableStream.from([Buffer.from(large.slice(0, 150_000)), Buffer.from(large.slice(0, 100_000))]),
      duplex: 'half',
    } as RequestInit)
    expect(response.status).toBe(413)
  })

  test('when a form is broken or empty, then 400', async () => {
    expect(await post('no form', 'multipart/form-data; boundary=x')).toMatchObject({
      status: 400,
      code: 'malformed-multipart',
    })
    const form = new FormData()
    form.append('comment', 'no file')
    const response = await fetch(`${app.url}/score`, { method: 'POST', body: form })
    expect(await response.json()).toMatchObject({ status: 400, code: 'invalid-input' })
  })

  test('when the client leaves in the middle of a body, then the app goes on', async () => {
    const socket = connect(new URL(app.url).port as unknown as number, '127.0.0.1')
    socket.write(
      'POST /score HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"input"',
    )
    await new Promise((resolve) => setTimeout(resolve, 50))
    socket.destroy()
    expect(await post(originalBody(image))).toMatchObject({ status: 200 })
  })

  test('when images were refused, then no log line holds their bytes', async () => {
    const secret = Buffer.from('a very private picture').toString('base64')
    await post(list(secret))
    await post(`{"input": ["${secret}"`)
    expect(app.logs.join('')).not.toContain(secret)
    expect(app.logs.join('')).not.toContain('private')
  })
})

describe('other requests', () => {
  test('when the path is unknown, then 404', async () => {
    const response = await fetch(`${app.url}/nope`)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ code: 'not-found' })
  })

  test('when the method is wrong, then 405 and which is right', async () => {
    const response = await fetch(`${app.url}/score`)
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('POST')
    expect((await fetch(app.url, { method: 'DELETE' })).headers.get('allow')).toBe('GET, HEAD')
  })

  test('when the caller gives a request id, then the answer carries it, unless it is not a plain one', async () => {
    const headers = (id: string) => ({ headers: { 'x-request-id': id } })
    expect((await fetch(app.url, headers('trace-1'))).headers.get('x-request-id')).toBe('trace-1')
    expect((await fetch(app.url, headers('<script>'))).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('a request that Express or its file server refuses', () => {
  test.each([
    ['a path is no UTF-8', '/docs/%zz', {}, 400, 'malformed-request'],
    ['a sample is no UTF-8', '/model/samples/%E0%A4', {}, 400, 'malformed-request'],
    [
      'a range is not there',
      '/docs/swagger-ui.css',
      { range: 'bytes=99999999-' },
      416,
      'range-not-satisfiable',
    ],
    ['a file has changed', '/docs/swagger-ui.css', { 'if-match': '"x"' }, 412, 'precondition-failed'],
  ])('when %s, then it is the caller who is told', async (_what, path, headers, status, code) => {
    const response = await fetch(`${app.url}${path}`, { headers })
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ status, code })
  })

  test('when it speaks the protocol, then it is told in its way', async () => {
    const response = await fetch(`${app.url}/v2/models/%zz/ready`)
    expect([response.status, Object.keys((await response.json()) as object)]).toEqual([400, ['error']])
  })
})
