import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readBundle } from '@repo/model-bundle'
import sharp from 'sharp'
import { type Problem, type ScoreAnswer, sampleBundle, startApp, type TestApp } from './support.js'

let app: TestApp
let boot: Buffer
beforeAll(async () => {
  app = await startApp({ limits: { images: 2 } })
  const { manifest } = await readBundle(sampleBundle)
  boot = await readFile(join(sampleBundle, manifest.samples.find((s) => s.label === 'Ankle boot')!.file))
})
afterAll(() => app.close())

const BOUNDARY = '456a4835-40c9-40c2-929e-502c01ff5562'
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`
const plainHead = 'Content-Disposition: form-data; name="image"; filename="a.png"'

/** One part, with the boundary before it. */
const part = (head: string, content: Uint8Array = boot) =>
  Buffer.concat([Buffer.from(`--${BOUNDARY}\r\n${head}\r\n\r\n`), content, Buffer.from('\r\n')])
const form = (...parts: Buffer[]) => Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)])

async function post(body: Uint8Array, type = TYPE) {
  const response = await fetch(`${app.url}/score`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: new Blob([Uint8Array.from(body)]),
  })
  const answer = (await response.json()) as ScoreAnswer & Problem
  return { status: response.status, answer, labels: answer.result?.[0].map((ranking) => ranking[0]![0]) }
}

describe('POST /score with a form', () => {
  test.each([
    ['in quotes, as browsers and curl do', plainHead],
    [
      'unquoted and twice, as .NET does',
      "Content-Disposition: form-data; name=image; filename=a.png; filename*=utf-8''a.png",
    ],
    [
      'encoded beside the plain one',
      `Content-Disposition: form-data; name="image"; filename="a.png"; filename*=UTF-8''%C3%BC.png`,
    ],
    ['encoded only', `Content-Disposition: form-data; name="image"; filename*=UTF-8''%C3%BC.png`],
    ['before the name', 'Content-Disposition: form-data; filename="a.png"; name="image"'],
    ['without a blank', 'Content-Disposition: form-data;name="image";filename="a.png"'],
    ['with an escaped quote', 'Content-Disposition: form-data; name="image"; filename="a\\"b.png"'],
    ['with other letters', 'Content-Disposition: form-data; name="image"; filename="ü;=.png"'],
    ['in lower case', 'content-disposition:form-data; name="image"; filename="a.png"'],
    [
      'among other headers',
      `Content-Type: image/png\r\n${plainHead}\r\nContent-Transfer-Encoding: binary\r\nX-Other: 1`,
    ],
  ])('when the file name is %s, then the file is read', async (_, head) => {
    expect(await post(form(part(head)))).toMatchObject({ status: 200, labels: ['Ankle boot'] })
  })

  test('when text stands before the first boundary and after the last, then it is ignored', async () => {
    const body = form(part(plainHead))
    const before = Buffer.from('This is a preamble.\r\n')
    const after = Buffer.from('\r\nAn epilogue.\r\n')
    for (const odd of [Buffer.concat([before, body]), Buffer.concat([body, after])])
      expect(await post(odd)).toMatchObject({ status: 200, labels: ['Ankle boot'] })
  })

  test('when the boundary is in quotes, then the form is read', async () => {
    const quoted = `multipart/form-data; charset=utf-8; boundary="${BOUNDARY}"`
    expect(await post(form(part(plainHead)), quoted)).toMatchObject({ status: 200 })
  })

  test('when files are large and fields stand between them, then the files come whole and in order', async () => {
    const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const
    const large = await sharp({ create: { width: 700, height: 700, channels: 3, background: '#000', noise } })
      .png()
      .toBuffer()
    expect(large.length).toBeGreaterThan(500_000)
    const comment = part('Content-Disposition: form-data; name="comment"', Buffer.from('hello'))
    const { status, labels } = await post(form(comment, part(plainHead, large), comment, part(plainHead)))
    expect(status).toBe(200)
    expect(labels).toHaveLength(2)
    expect(labels[1]).toBe('Ankle boot')
  })

  test.each<[string, () => Buffer, Partial<Problem>]>([
    ['is cut off', () => form(part(plainHead)).subarray(0, 200), { code: 'malformed-multipart' }],
    ['has no end', () => part(plainHead), { code: 'malformed-multipart' }],
    ['is empty', () => Buffer.alloc(0), { code: 'malformed-multipart' }],
    [
      'has a file without a name of its field',
      () => form(part('Content-Disposition: form-data; filename="a.png"')),
      { code: 'malformed-multipart', detail: expect.stringContaining('no name') as unknown as string },
    ],
    [
      'has a thousand fields and more',
      () =>
        form(
          ...Array.from({ length: 1001 }, () =>
            part('Content-Disposition: form-data; name="a"', Buffer.of()),
          ),
        ),
      { code: 'malformed-multipart', detail: expect.stringContaining('1000 parts') as unknown as string },
    ],
    [
      'has a part without any header',
      () => form(part('X-Other: 1')),
      { code: 'invalid-input', detail: expect.stringContaining('holds no file') as unknown as string },
    ],
    [
      'has headers of many kilobytes',
      () => form(part(`X-Other: ${'x'.repeat(20_000)}\r\n${plainHead}`)),
      { code: 'invalid-input', detail: expect.stringContaining('holds no file') as unknown as string },
    ],
    [
      'has an image without a file name',
      () => form(part('Content-Disposition: form-data; name="image"\r\nContent-Type: image/png')),
      { code: 'invalid-input', detail: expect.stringContaining('holds no file') as unknown as string },
    ],
  ])('when the form %s, then 400 and why', async (_, body, problem) => {
    expect(await post(body())).toMatchObject({ status: 400, answer: problem })
  })

  test('when the header names no boundary, then 400', async () => {
    const answer = { code: 'malformed-multipart' }
    expect(await post(form(part(plainHead)), 'multipart/form-data')).toMatchObject({ status: 400, answer })
  })

  test('when there are too many files, then 413 says how many came', async () => {
    const { status, answer } = await post(form(part(plainHead), part(plainHead), part(plainHead)))
    expect(status).toBe(413)
    expect(answer.detail).toContain('3 images were sent; at most 2')
  })
})
