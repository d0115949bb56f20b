import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
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

test('when the method is wrong, then 405 names the whole path', async () => {
  const path = '/v2/models/fashion-mnist/infer'
  const response = await fetch(app.url + path, { method: 'PUT' })
  expect(response.status).toBe(405)
  expect(await response.json()).toEqual({ error: `${path} takes POST, not PUT` })
})

describe('lists that are far too long', () => {
  const many = (element: string, count: number) => `[${`${element},`.repeat(count)}${element}]`
  const valid = JSON.stringify(tensor())

  test.each<[string, string, string]>([
    ['outputs that are no objects', `{"inputs":[${valid}],"outputs":${many('0', 30_000)}}`, 'outputs: must'],
    [
      'outputs of the right name',
      `{"inputs":[${valid}],"outputs":${many('{"name":"logits"}', 65)}}`,
      'outputs',
    ],
    ['inputs', `{"inputs":${many('{}', 9_000)}}`, 'inputs: must'],
    [
      'a shape of zeros',
      `{"inputs":[${JSON.stringify(tensor({ shape: [] })).replace('"shape":[]', `"shape":${many('0', 30_000)}`)}]}`,
      'inputs.0.shape: must',
    ],
  ])(
    'when a body brings %s, then it is refused before its elements are looked at',
    async (_, body, where) => {
      expect(await infer(body)).toMatchObject({ status: 400, error: expect.stringContaining(where) })
      expect((await infer({ inputs: [tensor()] })).status).toBe(200)
    },
  )

  const withParameters = (count: number) => {
    const members = Array.from({ length: count }, (_, index) => `"p${index}":0`).join()
    return `{"parameters":{${members}},"inputs":[${valid}]}`
  }

  test('when the parameters have thousands of members, then they are ignored as few are', async () => {
    expect((await infer(withParameters(9_000))).status).toBe(200)
  })

  test('when there are more than anybody needs, then 413 and how many are taken', async () => {
    expect(await infer(withParameters(1_000_000))).toMatchObject({
      status: 413,
      error: 'the body holds more than 110352 values',
    })
  })
})
