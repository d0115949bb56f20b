import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { originalBody, startApp, type TestApp } from './support.js'

let app: TestApp
let image: Buffer
beforeAll(async () => {
  app = await startApp({ pool: { maxPixels: 250_000, maxDecodeBytes: 4_000_000 } })
  image = await plain(500, 500).png().toBuffer()
})
afterAll(() => app.close())

const plain = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#123' } })

const post = (path: string, body: string) =>
  fetch(app.url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body })

describe('what images may cost', () => {
  test('when the images of a request are too much together, then 413 names the first that is too many', async () => {
    const fitting = Array.from({ length: 4 }, () => image)
    expect((await post('/score', originalBody(...fitting))).status).toBe(200)
    const response = await post('/score', originalBody(...fitting, image))
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({
      code: 'image-too-large',
      image: 4,
      detail: expect.stringContaining('1250000 pixels; at most 1000000 in all images'),
    })
  })

  test('when they come by the Open Inference Protocol, then the same holds', async () => {
    const infer = (count: number) => {
      const data = Array.from({ length: count }, () => image.toString('base64'))
      const body = { inputs: [{ name: 'input', shape: [count], datatype: 'BYTES', data }] }
      return post('/v2/models/fashion-mnist/infer', JSON.stringify(body))
    }
    expect((await infer(4)).status).toBe(200)
    const response = await infer(5)
    expect(response.status).toBe(413)
    expect(await response.json()).toEqual({ error: expect.stringContaining('in all images') })
  })

  test('when decoding an image would take too much memory, then 413 says how much', async () => {
    const large = await plain(500, 500).avif().toBuffer()
    const response = await post('/score', originalBody(large))
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({
      code: 'image-too-large',
      image: 0,
      detail: expect.stringMatching(/AVIF of 500 x 500 pixels, would take about \d MB .* at most 4 MB/),
    })
  })
})
