import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { type ColourModel, temporaryFolders, writeColourBundle } from '@repo/testing'
import sharp from 'sharp'
import { startApp, type TestApp } from './support.js'

const temporaryFolder = temporaryFolders()

let app: TestApp
afterEach(() => app.close())

async function serve(model: ColourModel): Promise<void> {
  const modelFolder = join(await temporaryFolder(), 'm')
  await writeColourBundle(modelFolder, model)
  app = await startApp({ pool: { modelFolder } })
}

interface Answer {
  status: number
  error?: string
  outputs?: { shape: number[]; data: number[] }[]
}

async function infer(input: object): Promise<Answer> {
  const response = await fetch(`${app.url}/v2/models/colours/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: [{ name: 'image', datatype: 'FP32', ...input }] }),
  })
  return { status: response.status, ...((await response.json()) as object) }
}

/** Planes of 0, 1, 2, 0, ... : the means of `shape` tell whether it was run in that shape. */
function planes(shape: [number, number, number, number]): object {
  const [batch, channels, height, width] = shape
  const data = Array.from(
    { length: batch * channels * height * width },
    (_, index) => Math.floor(index / (height * width)) % channels,
  )
  return { shape, data }
}

const png = (background: string) =>
  sharp({ create: { width: 8, height: 8, channels: 3, background } })
    .png()
    .toBuffer()

describe('a model whose height and width are free', () => {
  test('when tensors of other sizes are sent, then each runs in its own shape', async () => {
    await serve({ freeSize: true })
    for (const shape of [
      [1, 3, 8, 8],
      [1, 3, 16, 4],
      [2, 3, 32, 32],
      [1, 3, 1, 5],
    ] as const) {
      const { status, outputs } = await infer(planes([...shape]))
      expect([shape, status]).toEqual([shape, 200])
      expect(outputs?.[0]?.shape).toEqual([shape[0], 3])
      expect(outputs?.[0]?.data).toEqual(Array.from({ length: shape[0] }, () => [0, 1, 2]).flat())
    }
    expect(await infer(planes([1, 4, 8, 8]))).toMatchObject({
      status: 400,
      error: expect.stringContaining('[-1, 3, -1, -1]'),
    })
  })

  test('when the model itself cannot run a size, then 400 with its reason, and it serves on', async () => {
    const kernel = { kernel_shape: [8, 8] }
    await serve({
      freeSize: true,
      nodes: [
        { op: 'MaxPool', inputs: ['image'], outputs: ['pool'], attributes: kernel },
        { op: 'ReduceMean', inputs: ['pool'], outputs: ['means'], attributes: { axes: [2, 3], keepdims: 0 } },
      ],
    })
    const { status, error } = await infer(planes([1, 3, 4, 4]))
    expect(status).toBe(400)
    expect(error).toMatch(
      /^the model cannot run an input of the shape \[1, 3, 4, 4\]: Calculated output dimension/,
    )
    expect((await infer(planes([1, 3, 8, 8]))).status).toBe(200)
  })
})

describe('a model whose output has more than two dimensions', () => {
  test('when tensors and images are sent, then the answers have its shape', async () => {
    await serve({
      nodes: [{ op: 'GlobalAveragePool', inputs: ['image'], outputs: ['means'] }],
      outputShape: [3, 'H', 'W'],
    })
    expect((await infer(planes([2, 3, 8, 8]))).outputs?.[0]).toMatchObject({
      shape: [2, 3, 1, 1],
      data: [0, 1, 2, 0, 1, 2],
    })
    const data = await Promise.all(
      ['#f00', '#00f'].map(async (colour) => (await png(colour)).toString('base64')),
    )
    expect((await infer({ datatype: 'BYTES', shape: [2], data })).outputs?.[0]).toMatchObject({
      shape: [2, 3, 1, 1],
      data: [1, 0, 0, 0, 0, 1],
    })
  })
})

describe('a model that answers with values that are no numbers', () => {
  test('when it does, then 500 says so, for tensors and images alike', async () => {
    await serve({
      nodes: [
        {
          op: 'ReduceMean',
          inputs: ['image'],
          outputs: ['plain'],
          attributes: { axes: [2, 3], keepdims: 0 },
        },
        { op: 'Log', inputs: ['plain'], outputs: ['means'] },
      ],
    })
    expect(await infer(planes([1, 3, 8, 8]))).toEqual({
      status: 500,
      error: 'the model answered with -Infinity as value 0 of its output',
    })
    const response = await fetch(`${app.url}/score`, {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body: await png('#0ff'),
    })
    expect(response.status).toBe(500)
    expect(await response.json()).toMatchObject({ code: 'output-not-finite', image: 0 })
    expect(app.logs.join()).toContain('-Infinity as value 0')
  })
})
