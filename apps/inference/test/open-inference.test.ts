import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support.js'

let app: TestApp
beforeAll(async () => {
  app = await startApp()
})
afterAll(() => app.close())

const VALUES = Array.from({ length: 784 }, (_, index) => (index % 7) / 7)
const tensor = (change: object = {}) => ({
  name: 'input',
  datatype: 'FP32',
  shape: [1, 1, 28, 28],
  data: VALUES,
  ...change,
})

interface Answer {
  status: number
  error?: string
  id?: string
  outputs?: { shape: number[]; data: number[] }[]
}

async function infer(body: string | object, type: string | null = 'application/json'): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(`${app.url}/v2/models/fashion-mnist/infer`, {
    method: 'POST',
    // fetch names a type of its own for a text, and none for bytes.
    body: Buffer.from(text),
    ...(type !== null && { headers: { 'content-type': type } }),
  })
  return { status: response.status, ...((await response.json()) as object) }
}

describe('lists that are far too long', () => {
  const many = (element: string, count: number) => `[${`${element},`.repeat(count)}${element}]`
  const valid = JSON.stringify(tensor())

  test.each<[string, string, string]>([
    [
      'outputs that are no objects',
      `{"inputs":[${valid}],"outputs":${many('0', 7_800_000)}}`,
      'outputs: must',
    ],
    [
      'outputs of the right name',
      `{"inputs":[${valid}],"outputs":${many('{"name":"logits"}', 65)}}`,
      'outputs',
    ],
    ['inputs', `{"inputs":${many('{}', 3_000_000)}}`, 'inputs: must'],
    [
      'a shape of zeros',
      `{"inputs":[${JSON.stringify(tensor({ shape: [] })).replace('"shape":[]', `"shape":${many('0', 6_000_000)}`)}]}`,
      'inputs.0.shape: must',
    ],
  ])(
    'when a body brings %s, then it is refused before its elements are looked at',
    async (_, body, where) => {
      expect(await infer(body)).toMatchObject({ status: 400, error: expect.stringContaining(where) })
      expect((await infer({ inputs: [tensor()] })).status).toBe(200)
    },
  )

  test('when the parameters have a million members, then they are ignored as few are', async () => {
    const members = Array.from({ length: 1_000_000 }, (_, index) => `"p${index}":0`).join()
    const body = `{"parameters":{${members}},"inputs":[${valid}]}`
    expect((await infer(body)).status).toBe(200)
  })
})

describe('what clients leave out', () => {
  test('when optional members are null, then it is as if they were not there', async () => {
    const plain = await infer({ inputs: [tensor()] })
    const nulls = {
      id: null,
      parameters: null,
      outputs: null,
      inputs: [tensor({ parameters: null })],
    }
    expect(plain.status).toBe(200)
    expect(await infer(nulls)).toEqual(plain)
    const outputs = [{ name: 'logits', parameters: null }]
    expect(await infer({ inputs: [tensor()], outputs })).toEqual(plain)
  })

  test('when no content type is sent, then the body is taken for JSON', async () => {
    expect((await infer({ inputs: [tensor()] }, null)).status).toBe(200)
  })

  test('when there is a content type but no body, then 400, for the type is right', async () => {
    const response = await fetch(`${app.url}/v2/models/fashion-mnist/infer`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    })
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ error: 'the body is not valid JSON' })
  })

  test('when another content type is sent, then 415 and what is taken', async () => {
    expect(await infer('x', 'application/octet-stream')).toMatchObject({
      status: 415,
      error: expect.stringMatching(/application\/json.*Inference-Header-Content-Length/),
    })
  })
})

test.each(['1e39', '1e400', '-1e39'])('when a value is %s, then 400 and its index', async (value) => {
  const body = JSON.stringify({ inputs: [tensor()] }).replace(`[${VALUES[0]},${VALUES[1]}`, `[0,${value}`)
  expect(await infer(body)).toMatchObject({
    status: 400,
    error: expect.stringContaining('value 1 is not a finite'),
  })
})

describe('while the server drains', () => {
  let draining: TestApp
  afterEach(() => draining.close())

  test('when the model is asked whether it is ready, then 503 says when to ask again', async () => {
    draining = await startApp()
    draining.service.drain()
    const response = await fetch(`${draining.url}/v2/models/fashion-mnist/ready`)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('1')
    expect(await response.json()).toEqual({ name: 'fashion-mnist', ready: false })
  })
})
