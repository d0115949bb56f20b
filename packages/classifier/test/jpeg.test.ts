import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { temporaryFolders, writeColourBundle } from '@repo/testing'
import sharp, { type JpegOptions } from 'sharp'
import { scanCount } from '../src/image/jpeg.js'
import { decodedPixels } from '../src/image/limits.js'
import { classify, withPool } from './support.js'

const temporaryFolder = temporaryFolders()

const BEGIN = Buffer.from('ffd8', 'hex')
const END = Buffer.from('ffd9', 'hex')

function segment(marker: number, ...data: number[]): Buffer {
  return Buffer.from([0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 0xff, ...data])
}

/** The header of a frame of 8 x 8 pixels: 0xc0 is baseline, 0xc2 progressive. */
const frame = (marker: number, channels: number) => segment(marker, 8, 0, 8, 0, 8, channels)
/** A scan's header, and data in which 0xff is stuffed, with a restart and fill bytes. */
const scan = (...channels: number[]) =>
  Buffer.concat([
    segment(0xda, channels.length, ...channels.flatMap((channel) => [channel, 0]), 0, 63, 0),
    Buffer.from('12ff0034ffd056ff00ffffff00', 'hex'),
  ])
const jpeg = (...parts: Buffer[]) => scanCount(Buffer.concat([BEGIN, ...parts, END]))
const times = (count: number, part: Buffer) => Array.from({ length: count }, () => part)

const photo = (options: JpegOptions) =>
  sharp({
    create: {
      width: 400,
      height: 300,
      channels: 3,
      background: '#000',
      noise: { type: 'gaussian', mean: 128, sigma: 30 },
    },
  })
    .withExif({ IFD0: { Copyright: 'x' } })
    .jpeg(options)
    .toBuffer()

describe('the scans of a JPEG', () => {
  test('when it is baseline, then there is one', async () => {
    expect(scanCount(await photo({}))).toBe(1)
    expect(jpeg(frame(0xc0, 3), scan(1, 2, 3))).toBe(1)
    expect(jpeg(frame(0xc0, 1), ...times(3, scan(1)))).toBe(1)
  })

  test('when it is progressive, then there are those its encoder made', async () => {
    expect(scanCount(await photo({ progressive: true }))).toBe(10)
    expect(scanCount(await photo({ mozjpeg: true }))).toBeLessThan(20)
    expect(jpeg(frame(0xc2, 1), ...times(1000, scan(1)))).toBe(1000)
    expect(jpeg(frame(0xca, 3), ...times(5, scan(1, 2, 3)))).toBe(5)
  })

  test('when it is baseline with a scan for each channel, then all count', () => {
    expect(jpeg(frame(0xc0, 3), scan(1), scan(2), ...times(20, scan(3)))).toBe(22)
  })

  test('when a segment or what follows the image looks like a scan, then it does not count', () => {
    const thumbnail = segment(0xe1, ...frame(0xc2, 1), ...scan(1), ...END)
    expect(jpeg(thumbnail, frame(0xc2, 1), scan(1), END, scan(1))).toBe(1)
  })

  test('when a scan follows what the decoder skips as noise, then it counts', () => {
    const noMarker = Buffer.from('ff02ffff', 'hex')
    expect(jpeg(frame(0xc2, 1), scan(1), noMarker, scan(1), Buffer.from('ffd3', 'hex'), scan(1))).toBe(3)
  })

  test('when it has more segments than any real file, then it is refused', () => {
    const empty = segment(0xe1)
    expect(jpeg(...times(9_000, empty), frame(0xc0, 1), scan(1))).toBe(1)
    for (const parts of [
      [...times(10_000, empty), frame(0xc0, 1), scan(1)],
      [frame(0xc2, 1), scan(1), ...times(10_000, empty)],
    ])
      expect(() => jpeg(...parts)).toThrow('more than 10000 segments')
  })

  test.each(['', 'ff', 'ffe1', 'ffe10009', '00', 'ffc2', 'ffda'])(
    'when it ends after %s, then the walk ends too',
    (hex) => {
      expect(scanCount(Buffer.concat([BEGIN, Buffer.from(hex, 'hex')]))).toBeLessThan(2)
    },
  )
})

describe('what scans cost', () => {
  test('when there are up to 20, then the pixels count once, and more often with more', () => {
    const header = { width: 100, height: 10, channels: 3, depth: 'uchar', isProgressive: true } as const
    expect([1, 20, 21, 100].map((scans) => decodedPixels(header, scans))).toEqual([1000, 1000, 1050, 5000])
  })

  test('when an image has too many for its size, then it is refused and says how many fit', async () => {
    const folder = join(await temporaryFolder(), 'colours')
    await writeColourBundle(folder)
    const usual = await photo({ progressive: true })
    // Its last scan, once more and again: one that adds nothing may come as often as one likes.
    const last = usual.subarray(usual.lastIndexOf(Buffer.from('ffda', 'hex')), -2)
    const many = Buffer.concat([usual.subarray(0, -2), ...times(31, last), END])
    await withPool(
      folder,
      async (pool) => {
        expect(await classify(pool, usual)).toHaveLength(3)
        await expect(classify(pool, many)).rejects.toMatchObject({
          code: 'image-too-large',
          message: expect.stringContaining('JPEG of 41 scans; at its size, 400 x 300 pixels, at most 40 are'),
        })
      },
      { maxPixels: 240_000 },
    )
  })
})
