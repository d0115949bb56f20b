import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { startApp, type TestApp } from './support.js'

let app: TestApp
/** Noise: a picture of more than 100 kB, which comes in several parts. */
let image: Buffer
let expected: unknown
beforeAll(async () => {
  app = await startApp({ limits: { bodyBytes: 1_000_000 } })
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 60 }
  image = await sharp({ create: { width: 300, height: 300, channels: 3, background: '#808080', noise } })
    .png()
    .toBuffer()
  expected = (await post([image], 'image/png')).body.result[0]
})
afterAll(() => app.close())

/** Sends a body piece by piece, without saying how long it is. */
function post(pieces: Uint8Array[], contentType = 'application/json') {
  return new Promise<{ status: number | undefined; body: { result: unknown[]; code?: string } }>(
    (resolve, reject) => {
      const headers = { 'content-type': contentType }
      const post = request(`${app.url}/score`, { method: 'POST', headers }, async (response) => {
        const chunks: Buffer[] = []
        for await (const chunk of response) chunks.push(chunk)
        resolve({ status: response.statusCode, body: JSON.parse(Buffer.concat(chunks).toString()) })
      })
      post.once('error', reject)
      post.setNoDelay(true)
      for (const piece of pieces) post.write(piece)
      post.end()
    },
  )
}

function json(...images: string[]): Buffer {
  return Buffer.from(JSON.stringify({ input: JSON.stringify(images) }))
}

function inPieces(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  )
}

describe('a body of several parts', () => {
  test.each([100, 1_000, 20_000, 70_000, 1_000_000])(
    'when it comes in pieces of %d bytes, then the answer is the same',
    async (size) => {
      const { status, body } = await post(inPieces(json(image.toString('base64')), size))
      expect(status).toBe(200)
      expect(body.result[0]).toEqual(expected)
    },
  )

  test('when it holds large and small images, then each has its answer', async () => {
    const small = await sharp(image).resize(28, 28).png().toBuffer()
    const images = [image, small, image].map((one) => one.toString('base64'))
    const { body } = await post([json(...images)])
    const [first, , third] = body.result[0] as unknown[]
    expect([first]).toEqual(expected)
    expect([third]).toEqual(expected)
  })

  // 32 KiB of base64 are decoded at a time.
  test.each([1, 32_767, 32_768, 70_001])(
    'when character %d is not base64, then it is refused as in any other body',
    async (at) => {
      const text = image.toString('base64')
      const { status, body } = await post([json(`${text.slice(0, at)}!${text.slice(at + 1)}`)])
      expect(status).toBe(400)
      expect(body.code).toBe('not-base64')
    },
  )

  test('when it grows over the limit, then the answer is 413', async () => {
    const { status, body } = await post(inPieces(Buffer.alloc(1_500_000, 'a'), 10_000))
    expect(status).toBe(413)
    expect(body.code).toBe('body-too-large')
  })
})
