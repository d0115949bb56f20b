import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { temporaryFolders, writeColourBundle } from '@repo/testing'
import sharp, { type Color } from 'sharp'
import type { WorkerPool } from '../src/pool/pool.js'
import { classify, part, preprocess, withPool } from './support.js'

const temporaryFolder = temporaryFolders()
let folder: string
beforeAll(async () => {
  folder = join(await temporaryFolder(), 'colours')
  await writeColourBundle(folder)
})

/** A plain image of one colour. */
const plain = (background: Color, width = 64, height = 48) =>
  sharp({ create: { width, height, channels: 4, background } })
const orange = { r: 255, g: 128, b: 0 }

/** Mean of each channel, 0..1, as the model saw it. */
async function seen(pool: WorkerPool, image: Uint8Array): Promise<Record<string, number>> {
  const predictions = await classify(pool, image)
  return Object.fromEntries(predictions.map(({ label, probability }) => [label, probability]))
}

describe('formats', () => {
  test.each(['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'] as const)(
    'when the image is %s, then its colours reach the model',
    async (format) => {
      const image = await plain(orange).flatten().toFormat(format).toBuffer()
      const colours = await withPool(folder, (pool) => seen(pool, image))
      expect(colours.red).toBeCloseTo(1, 1)
      expect(colours.green).toBeCloseTo(0.5, 1)
      expect(colours.blue).toBeCloseTo(0, 1)
    },
  )

  test('when a GIF has several frames, then the first counts', async () => {
    const frames = [await plain('#ff0000').png().toBuffer(), await plain('#0000ff').png().toBuffer()]
    const image = await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer()
    const colours = await withPool(folder, (pool) => seen(pool, image))
    expect(colours.red).toBeCloseTo(1, 1)
    expect(colours.blue).toBeCloseTo(0, 1)
  })

  test('when the image is partly transparent, then it lies over white', async () => {
    const half = await plain({ r: 0, g: 0, b: 0, alpha: 0.5 }).png().toBuffer()
    const colours = await withPool(folder, (pool) => seen(pool, half))
    for (const label of ['red', 'green', 'blue']) expect(colours[label]).toBeCloseTo(0.5, 1)
  })

  test('when the image is CMYK, 16-bit, gray or has a palette, then its colours are right', async () => {
    const cmyk = await plain('#ff0000').flatten().toColourspace('cmyk').jpeg().toBuffer()
    const deep = await plain(orange).flatten().toColourspace('rgb16').png().toBuffer()
    const gray = await plain('#808080').flatten().toColourspace('b-w').png().toBuffer()
    const deepGray = await plain('#808080').flatten().toColourspace('grey16').png().toBuffer()
    const palette = await plain(orange).flatten().png({ palette: true }).toBuffer()
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk')
    expect((await sharp(deep).metadata()).depth).toBe('ushort')
    expect((await sharp(gray).metadata()).channels).toBe(1)
    expect((await sharp(palette).metadata()).isPalette).toBe(true)
    await withPool(folder, async (pool) => {
      const red = await seen(pool, cmyk)
      expect(red.red).toBeGreaterThan(0.85)
      expect(red.green).toBeLessThan(0.3)
      for (const image of [deep, palette]) expect((await seen(pool, image)).green).toBeCloseTo(0.5, 1)
      for (const image of [gray, deepGray]) {
        const colours = await seen(pool, image)
        for (const label of ['red', 'green', 'blue']) expect(colours[label]).toBeCloseTo(0.5, 1)
      }
    })
  })

  test('when EXIF says the image lies on its side, then it is turned upright', async () => {
    // Left half red, right half blue, stored turned: upright it must be left red again.
    const upright = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#0000ff' } })
      .composite([{ input: await plain('#ff0000', 32, 64).png().toBuffer(), left: 0, top: 0 }])
      .png()
      .toBuffer()
    const turned = await sharp(upright).rotate(-90).withMetadata({ orientation: 6 }).jpeg().toBuffer()
    const tensor = await withPool(folder, (pool) => preprocess(pool, turned))
    const red = tensor.slice(0, 64)
    for (let row = 0; row < 8; row++) {
      expect(red[row * 8 + 1]).toBeGreaterThan(0.9)
      expect(red[row * 8 + 6]).toBeLessThan(0.1)
    }
  })

  test.each([
    ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>')],
    ['BMP', Buffer.from('BM\x46\0\0\0\0\0\0\0\x36\0\0\0', 'latin1')],
    ['PDF', Buffer.from('%PDF-1.7\n')],
    ['text', Buffer.from('no image at all')],
    ['nothing', Buffer.alloc(0)],
  ])('when the bytes are %s, then they are refused as no known format', async (_, bytes) => {
    await withPool(folder, async (pool) => {
      await expect(classify(pool, bytes)).rejects.toMatchObject({ code: 'image-unsupported' })
    })
  })

  test.each(['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'] as const)(
    'when a %s is cut off, then it is refused as undecodable, and the next image is answered',
    async (format) => {
      const noise = await sharp({
        create: {
          width: 64,
          height: 64,
          channels: 3,
          background: '#000',
          noise: { type: 'gaussian', mean: 128, sigma: 50 },
        },
      })
        .toFormat(format)
        .toBuffer()
      await withPool(folder, async (pool) => {
        const half = classify(pool, noise.subarray(0, noise.length / 2))
        await expect(half).rejects.toMatchObject({ code: 'image-undecodable' })
        expect(await classify(pool, noise)).toHaveLength(3)
      })
    },
  )

  test('when the image has too many pixels, then it is refused before it is decoded', async () => {
    const image = await plain('#fff', 101, 100).png().toBuffer()
    await withPool(
      folder,
      async (pool) => {
        await expect(classify(pool, image)).rejects.toMatchObject({
          code: 'image-too-large',
          message: expect.stringContaining('101 x 100 pixels; at most 10000'),
        })
      },
      { maxPixels: 10_000 },
    )
  })
})

describe('resizing', () => {
  /** Red, green and blue bars side by side, 30 x 10 pixels. */
  const bars = async () =>
    sharp({ create: { width: 30, height: 10, channels: 3, background: '#00ff00' } })
      .composite([
        { input: await plain('#ff0000', 10, 10).png().toBuffer(), left: 0, top: 0 },
        { input: await plain('#0000ff', 10, 10).png().toBuffer(), left: 20, top: 0 },
      ])
      .png()
      .toBuffer()

  test.each([
    ['squash', { mode: 'squash' } as const, [1 / 3, 1 / 3, 1 / 3]],
    ['cover', { mode: 'cover' } as const, [0, 1, 0]],
    ['short-side', { mode: 'short-side', shortSide: 12 } as const, [0, 1, 0]],
  ])('when the mode is %s, then the model sees what it should', async (_, resize, expected) => {
    const folder = join(await temporaryFolder(), 'm')
    await writeColourBundle(folder, { input: { resize } })
    const colours = await withPool(folder, async (pool) => seen(pool, await bars()))
    expect(colours.red).toBeCloseTo(expected[0]!, 1)
    expect(colours.green).toBeCloseTo(expected[1]!, 1)
    expect(colours.blue).toBeCloseTo(expected[2]!, 1)
  })
})

describe('the tensor', () => {
  test.each(['NCHW', 'NHWC'] as const)(
    'when the layout is %s, then each value is where it belongs',
    async (layout) => {
      const folder = join(await temporaryFolder(), 'm')
      await writeColourBundle(folder, { input: { layout } })
      const image = await plain(orange, 8, 8).flatten().png().toBuffer()
      await withPool(folder, async (pool) => {
        const tensor = await preprocess(pool, image)
        const at = (pixel: number, channel: number) =>
          tensor[layout === 'NCHW' ? channel * 64 + pixel : pixel * 3 + channel]
        for (let pixel = 0; pixel < 64; pixel++) {
          expect(at(pixel, 0)).toBeCloseTo(1)
          expect(at(pixel, 1)).toBeCloseTo(128 / 255)
          expect(at(pixel, 2)).toBeCloseTo(0)
        }
        expect((await classify(pool, image))[0]?.label).toBe('red')
      })
    },
  )

  test('when channels are BGR, then blue comes first, with its own mean and std', async () => {
    const folder = join(await temporaryFolder(), 'm')
    const input = { channels: 'bgr', scale: '0..255', mean: [10, 20, 30], std: [1, 2, 5] } as const
    await writeColourBundle(folder, { input: { ...input, mean: [...input.mean], std: [...input.std] } })
    const image = await plain({ r: 230, g: 120, b: 60 }, 8, 8).flatten().png().toBuffer()
    const tensor = await withPool(folder, (pool) => preprocess(pool, image))
    expect([tensor[0], tensor[64], tensor[128]]).toEqual([50, 50, 40])
  })

  test('when the input is gray, then colours become BT.601 luma, for PNGs of the right size and others alike', async () => {
    const folder = join(await temporaryFolder(), 'm')
    await writeColourBundle(folder, { input: { channels: 'gray', scale: '0..255' } })
    await withPool(folder, async (pool) => {
      for (const size of [8, 64]) {
        const [value] = await preprocess(
          pool,
          await plain({ r: 200, g: 100, b: 50 }, size, size).flatten().png().toBuffer(),
        )
        expect(value).toBe(Math.round(0.299 * 200 + 0.587 * 100 + 0.114 * 50))
      }
    })
  })

  test('when the manifest says invert, then light becomes dark', async () => {
    const folder = join(await temporaryFolder(), 'm')
    await writeColourBundle(folder, { input: { channels: 'gray', invert: true } })
    const tensor = await withPool(folder, async (pool) =>
      preprocess(pool, await plain('#fff', 8, 8).png().toBuffer()),
    )
    expect(new Set(tensor)).toEqual(new Set([0]))
  })

  test('when the input is uint8, then pixels arrive as they are', async () => {
    const folder = join(await temporaryFolder(), 'm')
    await writeColourBundle(folder, { input: { dtype: 'uint8' }, outputKind: 'logits' })
    const image = await plain({ r: 3, g: 2, b: 1 }, 8, 8).flatten().png().toBuffer()
    await withPool(folder, async (pool) => {
      const tensor = await preprocess(pool, image)
      expect([tensor[0], tensor[64], tensor[128]]).toEqual([3, 2, 1])
      // Logits 3, 2, 1 through a softmax.
      const [first] = await classify(pool, image)
      expect(first?.probability).toBeCloseTo(Math.E ** 3 / (Math.E + Math.E ** 2 + Math.E ** 3), 5)
    })
  })

  test("when a small PNG takes the fast way, then the tensor equals the general decoder's", async () => {
    const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const
    const raw = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#000', noise } })
      .raw()
      .toBuffer()
    const image = sharp(raw, { raw: { width: 8, height: 8, channels: 3 } })
    const fast = await image.clone().png().toBuffer()
    // An interlaced PNG of the same pixels is left to the general decoder.
    const general = await image.clone().png({ progressive: true }).toBuffer()
    await withPool(folder, async (pool) => {
      expect(await preprocess(pool, fast)).toEqual(await preprocess(pool, general))
    })
  })

  test('when a small PNG is corrupted in its pixels, then it is refused, not guessed', async () => {
    const image = await plain(orange, 8, 8).flatten().png().toBuffer()
    const at = image.indexOf('IDAT') + 8
    image[at] = (image[at] ?? 0) ^ 0xff
    await withPool(folder, async (pool) => {
      await expect(pool.submit('classify', [part(image)])).rejects.toMatchObject({
        code: 'image-undecodable',
      })
    })
  })
})
