import { describe, expect, test } from '@jest/globals'
import type { ModelInput } from '@repo/model-bundle'
import sharp from 'sharp'
import { tensorPng } from '../src/image/preview.js'
import { channelCount, tensorFiller } from '../src/image/tensor.js'

const base: ModelInput = {
  name: 'input',
  dtype: 'float32',
  layout: 'NCHW',
  width: 16,
  height: 16,
  channels: 'rgb',
  resize: { mode: 'squash' },
  scale: '0..255',
  invert: false,
}
/** 256 pixels with every value in each channel, in another order each. */
const data = Uint8Array.from({ length: 256 * 3 }, (_, at) => [at, at * 7, at * 13 + 5][at % 3]! % 256)
const gray = Uint8Array.from({ length: 256 }, (_, at) => at)
const inverted = (pixels: Uint8Array) => pixels.map((value) => 255 - value)

describe('the image as the model sees it', () => {
  const mean = [123.675, 116.28, 103.53]
  const std = [58.395, 57.12, 57.375]
  test.each<[string, Partial<ModelInput>, Uint8Array, Uint8Array]>([
    ['planar and normalised', { mean, std }, data, data],
    ['interleaved, blue first', { layout: 'NHWC', channels: 'bgr', mean, std }, data, data],
    [
      'scaled to 0..1',
      { scale: '0..1', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
      data,
      data,
    ],
    ['of whole bytes', { dtype: 'uint8', layout: 'NHWC' }, data, data],
    ['inverted', { invert: true, mean, std }, data, inverted(data)],
    ['gray', { channels: 'gray', mean: [72.94], std: [90.02] }, gray, gray],
  ])('when the input is %s, then only scale, mean and std are undone', async (_, partial, pixels, seen) => {
    const input = { ...base, ...partial }
    const channels = channelCount(input)
    const tensor = input.dtype === 'uint8' ? new Uint8Array(768) : new Float32Array(256 * channels)
    tensorFiller(input)({ data: pixels, channels }, tensor)
    const { data: drawn, info } = await sharp(await tensorPng(input, tensor))
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer({ resolveWithObject: true })
    expect(info).toMatchObject({ format: 'raw', width: 16, height: 16, channels })
    expect(Uint8Array.from(drawn)).toEqual(seen)
  })
})
