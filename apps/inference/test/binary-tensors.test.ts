import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { pino } from 'pino'
import { RemoteModel } from '../src/remote-model.js'
import { sampleBundle, startApp, type TestApp } from './support.js'

const image = await readFile(join(sampleBundle, 'samples/00-ankle-boot.png'))

let app: TestApp
/** The same model behind an app that has none itself. */
let front: TestApp
beforeAll(async () => {
  app = await startApp()
  const options = { endpoint: app.url, modelFolder: sampleBundle, limit: 8, timeoutMs: 10_000 }
  front = await startApp({ service: new RemoteModel(options, pino({ level: 'silent' })) })
})
afterAll(async () => {
  await front.close()
  await app.close()
})

interface Sent {
  url?: string
  headers?: Record<string, string>
}

/** As Triton's Python client sends: no content type, and the tensors' bytes after the JSON. */
async function infer(
  request: object,
  binary: Buffer | undefined,
  { url = app.url, headers = {} }: Sent = {},
) {
  const json = Buffer.from(JSON.stringify(request))
  const response = await fetch(`${url}/v2/models/fashion-mnist/infer`, {
    method: 'POST',
    body: binary ? Buffer.concat([json, binary]) : json,
    headers: { ...(binary && { 'inference-header-content-length': String(json.length) }), ...headers },
  })
  const bytes = Buffer.from(await response.arrayBuffer())
  const type = response.headers.get('content-type')
  const length = response.headers.get('inference-header-content-length')
  const end = length === null ? bytes.length : Number(length)
  return {
    status: response.status,
    type,
    answer: JSON.parse(bytes.toString('utf8', 0, end)),
    tail: bytes.subarray(end),
  }
}

const floats = Float32Array.from({ length: 784 }, (_, index) => (index % 7) / 7)
const raw = Buffer.from(floats.buffer)
const input = { name: 'input', datatype: 'FP32', shape: [1, 1, 28, 28] }
const binaryInput = (size = raw.length) => ({ ...input, parameters: { binary_data_size: size } })
const listed = { ...input, data: Array.from(floats) }
const elements = (...list: Buffer[]) =>
  Buffer.concat(
    list.flatMap((element) => {
      const length = Buffer.alloc(4)
      length.writeUInt32LE(element.length)
      return [length, element]
    }),
  )
const texts = (count: number, binary: Buffer) => ({
  name: 'input',
  datatype: 'BYTES',
  shape: [count],
  parameters: { binary_data_size: binary.length },
})

test('when the server is asked, then it lists the extension', async () => {
  const response = await fetch(`${app.url}/v2`)
  expect(await response.json()).toMatchObject({ extensions: ['binary_tensor_data'] })
})

describe.each(['in this process', 'at an endpoint'])('with the model %s', (where) => {
  const there = () => ({ url: where === 'at an endpoint' ? front.url : app.url })

  test('when tensors go both ways in bytes, then the values are those of JSON', async () => {
    const plain = await infer({ id: 'ä', inputs: [listed] }, undefined, there())
    expect(plain).toMatchObject({ status: 200, type: expect.stringMatching(/^application\/json/) })
    const { data, ...output } = plain.answer.outputs[0]
    const request = { id: 'ä', inputs: [binaryInput()], parameters: { binary_data_output: true } }
    const { status, type, answer, tail } = await infer(request, raw, there())
    expect({ status, type }).toEqual({ status: 200, type: 'application/octet-stream' })
    expect(answer).toEqual({
      ...plain.answer,
      outputs: [{ ...output, parameters: { binary_data_size: 40 } }],
    })
    expect(Array.from({ length: 10 }, (_, index) => tail.readFloatLE(4 * index))).toEqual(
      data.map(Math.fround),
    )
  })

  test('when images come in bytes, as files or as base64, then each is answered', async () => {
    const both = elements(image, Buffer.from(image.toString('base64')))
    const { status, answer } = await infer({ inputs: [texts(2, both)] }, both, there())
    expect(status).toBe(200)
    const [{ shape, data }] = answer.outputs
    expect(shape).toEqual([2, 10])
    expect(data.slice(0, 10)).toEqual(data.slice(10))
  })

  test('when what is said and what came do not fit, then 400', async () => {
    const { status, answer } = await infer({ inputs: [binaryInput(5)] }, raw, there())
    expect(status).toBe(400)
    expect(answer.error).toContain('binary_data_size is 5; 3136 bytes follow the JSON')
  })
})

test.each<[string, boolean, object]>([
  ['the output alone asks', true, { outputs: [{ name: 'logits', parameters: { binary_data: true } }] }],
  [
    'the output says no and the request yes',
    false,
    {
      outputs: [{ name: 'logits', parameters: { binary_data: false } }],
      parameters: { binary_data_output: true },
    },
  ],
  ['the request asks', true, { outputs: [{ name: 'logits' }], parameters: { binary_data_output: true } }],
  ['nobody asks', false, { outputs: [{ name: 'logits' }] }],
])('when %s, then the output comes in bytes: %s', async (_, inBytes, request) => {
  const { status, tail, answer } = await infer({ inputs: [listed], ...request }, undefined)
  expect({ status, bytes: tail.length }).toEqual({ status: 200, bytes: inBytes ? 40 : 0 })
  expect('data' in answer.outputs[0]).toBe(!inBytes)
})

describe('bodies that do not fit', () => {
  const two = elements(image, image)
  test.each<[string, object, Buffer, string]>([
    [
      'bytes that nobody announced',
      listed,
      Buffer.from('more'),
      'binary_data_size is not given; 4 bytes follow',
    ],
    ['an input without data', input, Buffer.alloc(0), 'inputs.0.data: must be a list'],
    ['data twice', { ...listed, ...binaryInput() }, raw, 'either data or binary_data_size'],
    ['too few values', binaryInput(3132), raw.subarray(4), 'wants 784 values; data holds 783'],
    ['half a value', binaryInput(3134), raw.subarray(2), '3134 bytes are no whole number of FP32 values'],
    [
      'a value that is no number',
      binaryInput(),
      Buffer.concat([raw.subarray(4), Buffer.from([0, 0, 192, 127])]),
      'value 783 is not a finite number',
    ],
    ['fewer elements than the shape says', texts(3, two), two, 'are not 3 BYTES elements'],
    ['more elements than the shape says', texts(1, two), two, 'are not 1 BYTES elements'],
    ['an element that is cut off', texts(2, two.subarray(1)), two.subarray(1), 'are not 2 BYTES elements'],
    [
      'an element that is no image',
      texts(1, elements(Buffer.from('*'))),
      elements(Buffer.from('*')),
      'image 0: ',
    ],
    ['more elements than are taken', texts(1_000_000, two), two, 'at most 32'],
  ])('when a body has %s, then 400 or 413 and why', async (_, one, binary, why) => {
    const { status, answer } = await infer({ inputs: [one] }, binary)
    expect([400, 413]).toContain(status)
    expect(answer.error).toContain(why)
  })

  test.each(['-1', '1.5', 'x', '99999', ''])('when the header says "%s", then 400', async (length) => {
    const headers = { 'inference-header-content-length': length }
    const { status, answer } = await infer({ inputs: [binaryInput()] }, raw, { headers })
    expect(status).toBe(400)
    expect(answer.error).toMatch(/Inference-Header-Content-Length must tell|not valid JSON/)
  })
})
