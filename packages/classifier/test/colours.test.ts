import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { temporaryFolders, writeColourBundle } from '@repo/testing'
import sharp from 'sharp'
import { preprocess, withPool } from './support.js'

const temporaryFolder = temporaryFolders()

test.each([3, 4] as const)(
  'when an image of %i channels has a colour profile, then its colours become those of sRGB, with 8 bits and with 16',
  async (channels) => {
    const folder = join(await temporaryFolder(), 'colours')
    await writeColourBundle(folder, { input: { width: 1, height: 1, scale: '0..255' } })
    const colour = { r: 229, g: 55, b: 41, alpha: 1 }
    for (const space of ['srgb', 'rgb16']) {
      const image = await sharp({ create: { width: 8, height: 8, channels, background: colour } })
        .toColourspace(space)
        .withIccProfile('p3')
        .png()
        .toBuffer()
      expect((await sharp(image).metadata()).space).toBe(space)
      // In the file they are others: 211, 71, 53.
      expect(await withPool(folder, (pool) => preprocess(pool, image))).toEqual([229, 55, 41])
    }
  },
)
