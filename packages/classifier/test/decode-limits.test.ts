import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { temporaryFolders, writeColourBundle } from '@repo/testing'
import sharp, { type Metadata, type Sharp } from 'sharp'
import { PixelAllowance } from '../src/image/allowance.js'
import { DecodeLock, newLockMemory } from '../src/image/decode-lock.js'
import { imageFormat } from '../src/image/format.js'
import { decodeMemory } from '../src/image/memory.js'
import { classify, preprocess, withPool } from './support.js'

const temporaryFolder = temporaryFolders()
let folder: string
beforeAll(async () => {
  folder = join(await temporaryFolder(), 'colours')
  await writeColourBundle(folder)
})

const plain = (width: number, height: number, channels: 3 | 4 = 3) =>
  sharp({
    create: { width, height, channels, background: { r: 255, g: 128, b: 0, alpha: 0.5 } },
    limitInputPixels: false,
  })
const deep = (image: Sharp) => image.toColourspace('rgb16')
const MEGABYTE = 1_000_000

/** What decoding is thought to take, in megabytes, were the image so many times as wide and as high. */
async function estimate(image: Sharp, times: number): Promise<number> {
  const bytes = await image.toBuffer()
  const header: Metadata = await sharp(bytes).metadata()
  const larger = { ...header, width: header.width * times, height: header.height * times }
  return decodeMemory(imageFormat(bytes)!, larger, { width: 224, height: 224 }, bytes) / MEGABYTE
}

describe('the memory that decoding takes', () => {
  const small = (channels: 3 | 4 = 3) => plain(60, 40, channels)
  const noSubsampling = { chromaSubsampling: '4:4:4' } as const

  // Measured: the peak of a process that decodes 6,000 x 4,000 pixels, over what it took before.
  test.each<[string, () => Sharp, number, number]>([
    ['a baseline JPEG', () => small().jpeg(), 3, 20],
    ['a progressive JPEG', () => small().jpeg({ progressive: true, ...noSubsampling }), 147, 190],
    ['a progressive CMYK JPEG', () => small().toColourspace('cmyk').jpeg({ progressive: true }), 198, 250],
    ['a PNG', () => small().png(), 36, 60],
    ['a PNG of 16 bits and alpha', () => deep(small(4)).png(), 78, 130],
    ['an interlaced PNG', () => small().png({ progressive: true }), 79, 130],
    ['an interlaced PNG of 16 bits and alpha', () => deep(small(4)).png({ progressive: true }), 208, 310],
    ['a WebP', () => small(4).webp({ lossless: true }), 98, 140],
    ['a GIF', () => small().gif(), 118, 160],
    ['an AVIF', () => small().avif({ chromaSubsampling: '4:2:0' }), 377, 440],
    ['an AVIF with full colours', () => small().avif(noSubsampling), 450, 490],
    ['an AVIF with transparency', () => small(4).avif(), 452, 500],
    ['an AVIF of 12 bits', () => deep(small()).avif({ bitdepth: 12 }), 620, 700],
    ['a TIFF', () => small().tiff(), 18, 120],
  ])(
    'when the image is %s, then the estimate is above what was measured, and not far',
    async (_, image, measured, most) => {
      const megabytes = await estimate(image(), 100)
      expect(megabytes).toBeGreaterThan(measured)
      expect(megabytes).toBeLessThan(most)
    },
  )

  test.each<[string, () => Sharp]>([
    ['an AVIF', () => plain(1500, 1000).avif({ effort: 0 })],
    ['a progressive JPEG', () => plain(4000, 2000).jpeg({ progressive: true })],
    ['an interlaced PNG', () => plain(4000, 2000).png({ progressive: true })],
    ['a wide PNG', () => plain(100_000, 40).png()],
    ['a GIF', () => plain(3000, 2000).gif({ effort: 1 })],
  ])('when %s would take more than is allowed, then it is refused and says how much', async (_, image) => {
    const bytes = await image().toBuffer()
    await withPool(
      folder,
      async (pool) => {
        await expect(classify(pool, bytes)).rejects.toMatchObject({
          code: 'image-too-large',
          message: expect.stringMatching(/would take about \d+ MB of memory; at most 20 MB/),
        })
        const baseline = await plain(4000, 2000).withMetadata({ orientation: 6 }).jpeg().toBuffer()
        expect(await classify(pool, baseline)).toHaveLength(3)
      },
      { maxDecodeBytes: 20 * MEGABYTE },
    )
  })

  test.each([
    [
      'an AVIF of 12 megapixels and 10 bits, as phones make them',
      () => deep(plain(4032, 3024)).avif({ effort: 0, bitdepth: 10, chromaSubsampling: '4:2:0' }),
    ],
    [
      'a progressive JPEG of 24 megapixels',
      () => plain(6000, 4000).jpeg({ progressive: true, ...noSubsampling }),
    ],
    ['a PNG of 20 megapixels', () => plain(5472, 3648, 4).png({ compressionLevel: 1 })],
  ])('when the image is %s, then it is accepted by default', async (_, image) => {
    const bytes = await image().toBuffer()
    expect(await withPool(folder, (pool) => classify(pool, bytes))).toHaveLength(3)
  })
})

describe('long and narrow images', () => {
  test.each([
    [5_000_000, 1],
    [1, 5_000_000],
  ])(
    'when %i x %i pixels have to be scaled by their short side, then the error says what is wrong',
    async (width, height) => {
      const folder = join(await temporaryFolder(), 'm')
      await writeColourBundle(folder, { input: { resize: { mode: 'short-side', shortSide: 256 } } })
      const image = await plain(width, height).png().toBuffer()
      await withPool(folder, async (pool) => {
        await expect(classify(pool, image)).rejects.toMatchObject({
          code: 'image-too-large',
          message: expect.stringContaining(`${width} x ${height} pixels, too long and narrow`),
        })
      })
    },
  )
})

describe('EXIF orientations', () => {
  const modes = [{ mode: 'squash' }, { mode: 'cover' }, { mode: 'short-side', shortSide: 13 }] as const
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'when the orientation is %i, then the model sees what an upright image gives',
    async (orientation) => {
      const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const
      const stored = await sharp({
        create: { width: 41, height: 24, channels: 3, background: '#000', noise },
      })
        .withMetadata({ orientation })
        .png()
        .toBuffer()
      const upright = await sharp(stored).autoOrient().png().toBuffer()
      for (const resize of modes) {
        const folder = join(await temporaryFolder(), 'm')
        await writeColourBundle(folder, { input: { resize, scale: '0..255' } })
        const [seen, expected] = await withPool(folder, async (pool) => [
          await preprocess(pool, stored),
          await preprocess(pool, upright),
        ])
        const differences = seen!.map((value, at) => Math.abs(value - expected![at]!))
        // The decoder does not round alike from left and right. In noise, one pixel beside would be far more.
        expect(Math.max(...differences)).toBeLessThan(20)
      }
    },
  )
})

describe('the images of one request', () => {
  test('when they have more than four times the pixels of the largest, then the next is refused', () => {
    const allowance = new PixelAllowance(10_000)
    for (let i = 0; i < 4; i++) allowance.take(10_000)
    expect(() => allowance.take(1)).toThrow('40001 pixels; at most 40000 in all images')
  })
})

describe('the lock of large images', () => {
  test('when several want it at once, then each gets it alone, also after an error', async () => {
    const lock = new DecodeLock(newLockMemory())
    let inside = 0
    let most = 0
    const use = async (fail: boolean) => {
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setImmediate(resolve))
      inside--
      if (fail) throw new Error('broken')
    }
    const results = await Promise.allSettled(
      [false, true, false, true, false].map((fail) => lock.run(() => use(fail))),
    )
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ])
    expect(most).toBe(1)
  })

  test('when another thread has it and dies, then it can be freed, and who waits gets it', async () => {
    const memory = newLockMemory()
    const lock = new DecodeLock(memory)
    const code = `
      const { parentPort, workerData } = require('node:worker_threads')
      import(workerData.module).then(({ DecodeLock }) => {
        new DecodeLock(workerData.memory).run(() => new Promise(() => setInterval(() => {}, 1000)))
        parentPort.postMessage('taken')
      })`
    const module = new URL('../dist/image/decode-lock.js', import.meta.url).href
    const worker = new Worker(code, { eval: true, workerData: { module, memory } })
    const { threadId } = worker
    await new Promise((resolve) => worker.once('message', resolve))
    const waiting = lock.run(async () => 'got it')
    await worker.terminate()
    lock.free(threadId + 1)
    expect(await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 50, 'waits'))])).toBe(
      'waits',
    )
    lock.free(threadId)
    expect(await waiting).toBe('got it')
  })

  test('when two workers get large images, then all are answered', async () => {
    const image = await plain(4000, 2000).jpeg({ progressive: true }).toBuffer()
    await withPool(
      folder,
      async (pool) => {
        const answers = await Promise.all(Array.from({ length: 8 }, () => classify(pool, image)))
        expect(answers).toHaveLength(8)
      },
      { workers: 2 },
    )
  })
})
