import { deflateSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { decodeSmallPng } from '../src/image/png.js'
import { chunk } from './png-parts.js'

const [WIDTH, HEIGHT] = [9, 7]

/** Pixels that look random, each line filtered in the way that the filters' list says. */
function lines(channels: 1 | 3, filters: number[]): Buffer {
  const stride = WIDTH * channels
  const bytes = Buffer.alloc((stride + 1) * HEIGHT)
  for (let at = 0; at < bytes.length; at++) {
    const line = Math.floor(at / (stride + 1))
    bytes[at] = at % (stride + 1) === 0 ? filters[line % filters.length]! : (at * 2654435761) >>> 24
  }
  return bytes
}

function png(channels: 1 | 3, ...chunks: Buffer[]): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(WIDTH, 0)
  header.writeUInt32BE(HEIGHT, 4)
  header.set([8, channels === 1 ? 0 : 2, 0, 0, 0], 8)
  const signature = Buffer.from('89504e470d0a1a0a', 'hex')
  return Buffer.concat([signature, chunk('IHDR', header), ...chunks, chunk('IEND', Buffer.alloc(0))])
}

const decode = (bytes: Uint8Array) => decodeSmallPng(bytes, WIDTH, HEIGHT)

describe('a small PNG', () => {
  test.each(
    ([1, 3] as const).flatMap((channels) => [
      ...[0, 1, 2, 3, 4].map((filter) => ({ channels, filters: [filter] })),
      { channels, filters: [4, 3, 2, 1, 0] },
    ]),
  )("when it has $channels channels and filters $filters, then its pixels are libpng's", async (how) => {
    const image = png(how.channels, chunk('IDAT', deflateSync(lines(how.channels, how.filters))))
    const { data, info } = await sharp(image)
      .toColourspace(how.channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer({ resolveWithObject: true })
    expect(info.channels).toBe(how.channels)
    const decoded = decode(image)
    expect(decoded?.channels).toBe(how.channels)
    expect(Buffer.from(decoded!.data)).toEqual(data)
  })

  test('when its data comes in several chunks among harmless ones, then it is the same', () => {
    const data = deflateSync(lines(3, [1, 4]))
    const parts = [data.subarray(0, 5), data.subarray(5, 20), data.subarray(20)]
    const image = png(
      3,
      chunk('tEXt', Buffer.from('a\0b')),
      ...parts.map((part) => chunk('IDAT', part)),
      chunk('tIME', Buffer.alloc(7)),
    )
    expect(decode(image)).toEqual(decode(png(3, chunk('IDAT', data))))
  })

  const good = deflateSync(lines(3, [0]))
  const damaged = png(3, chunk('IDAT', good))
  damaged[damaged.length - 30] = damaged[damaged.length - 30]! ^ 1
  const interlaced = png(3, chunk('IDAT', good))
  interlaced[28] = 1
  test.each<[string, Buffer]>([
    ['has a wrong checksum', damaged],
    ['is interlaced', interlaced],
    ['ends early', png(3, chunk('IDAT', good)).subarray(0, -6)],
    ['has too little data', png(3, chunk('IDAT', deflateSync(lines(3, [0]).subarray(1))))],
    ['has too much data', png(3, chunk('IDAT', deflateSync(Buffer.alloc(1_000_000))))],
    ['has broken data', png(3, chunk('IDAT', good.subarray(0, -8)))],
    ['has a filter that is none', png(3, chunk('IDAT', deflateSync(lines(3, [5]))))],
    ['has no data', png(3)],
    ['has a palette', png(3, chunk('PLTE', Buffer.alloc(6)), chunk('IDAT', good))],
    ['has a chunk that is longer than the file', png(3, Buffer.from('ffffffff49444154', 'hex'))],
    ['is its signature only', png(3).subarray(0, 8)],
  ])('when it %s, then it is left to the general decoder', (_, image) => {
    expect(decode(image)).toBeUndefined()
  })

  test('when it has another size, then it is left to the general decoder', () => {
    expect(decodeSmallPng(png(3, chunk('IDAT', good)), WIDTH, HEIGHT + 1)).toBeUndefined()
  })
})
