import { deflateSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { neededChunks } from '../src/image/png-chunks.js'
import { chunk } from './png-parts.js'

/** What the signature and the first chunk take, and the last one. */
const [HEAD, TAIL] = [33, 12]

let plain: Buffer
beforeAll(async () => {
  plain = await sharp({ create: { width: 8, height: 4, channels: 3, background: '#123' } })
    .png()
    .toBuffer()
})

/** The plain image with further chunks, before and after all others. */
const withChunks = (early: Buffer[], late: Buffer[] = []) =>
  Buffer.concat([
    plain.subarray(0, HEAD),
    ...early,
    plain.subarray(HEAD, -TAIL),
    ...late,
    plain.subarray(-TAIL),
  ])

const bomb = deflateSync(Buffer.alloc(1_000_000))
const text = chunk('tEXt', Buffer.from('a\0b'))
const compressed = chunk('zTXt', Buffer.concat([Buffer.from('a\0\0'), bomb]))
const international = chunk('iTXt', Buffer.concat([Buffer.from('a\0\x01\0\0\0'), bomb]))
const exif = chunk('eXIf', Buffer.from('49492a00080000000100120103000100000006000000000000', 'hex'))

describe('the chunks of a PNG', () => {
  test('when there are texts, compressed or not, then the decoder does not see them', async () => {
    const image = withChunks([text, compressed, text, international], [compressed, text])
    expect((await sharp(image).metadata()).comments).toHaveLength(4)
    expect(Buffer.from(neededChunks(image))).toEqual(plain)
  })

  test('when a kind is unknown and optional, or comes again, then it is left out', () => {
    const unknown = chunk('abCd', Buffer.alloc(0))
    const image = withChunks([exif, unknown, exif, unknown])
    expect(Buffer.from(neededChunks(image))).toEqual(withChunks([exif]))
  })

  test('when there is nothing to leave out, then the bytes are not copied', () => {
    const image = withChunks([exif])
    expect(neededChunks(image)).toBe(image)
  })

  test('when there are an orientation, a colour profile and transparency, then they stay', async () => {
    const image = await sharp({
      create: { width: 8, height: 4, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0.5 } },
    })
      .withMetadata({ orientation: 6, icc: 'p3' })
      .png({ palette: true })
      .toBuffer()
    const [before, after] = await Promise.all([image, neededChunks(image)].map((it) => sharp(it).metadata()))
    expect(after).toMatchObject({ orientation: 6, hasProfile: true, hasAlpha: true })
    expect(after!.icc).toEqual(before!.icc)
  })

  test('when a chunk is unknown and not optional, then it stays, and the decoder refuses it', () => {
    const image = withChunks([chunk('ABCD', Buffer.alloc(0))])
    expect(neededChunks(image)).toBe(image)
  })

  test.each([
    ['ends early', (image: Buffer) => image.subarray(0, -20)],
    ['ends within a text', () => withChunks([text]).subarray(0, HEAD + text.length - 3)],
    ['is its signature only', (image: Buffer) => image.subarray(0, 8)],
    [
      'claims a chunk that is longer than the file',
      () => withChunks([Buffer.from('ffffffff7a545874', 'hex')]),
    ],
  ])('when it %s, then it stays broken', async (_, broken) => {
    await expect(
      sharp(neededChunks(broken(plain)), { failOn: 'error' })
        .raw()
        .toBuffer(),
    ).rejects.toThrow()
  })
})
