import type { ModelInput } from '@repo/model-bundle'
import type { Pixels } from './pixels.js'

/** The data of an input tensor. */
export type TensorData = Float32Array | Uint8Array

/** Writes an image's pixels into `target`, width x height x channels values from `offset` on. */
export type FillTensor = (pixels: Pixels, target: TensorData, offset?: number) => void

/**
 * Makes the function that turns pixels into a model's input: invert, scale, normalise, order of channels and layout,
 * in one pass. With 256 possible values per channel, the arithmetic is done once, into tables.
 */
export function tensorFiller(input: ModelInput): FillTensor {
  const { channels, layout } = input
  const area = input.width * input.height
  const count = channelCount(input)
  const tables = Array.from({ length: count }, (_, channel) => valueTable(input, channel))
  // Where the tensor's channels come from in an RGB pixel.
  const source = channels === 'bgr' ? [2, 1, 0] : [0, 1, 2]
  const planar = layout === 'NCHW'

  return ({ data, channels: stride }, target, offset = 0) => {
    for (let channel = 0; channel < count; channel++) {
      const table = tables[channel] as Float32Array
      const step = planar ? 1 : count
      let to = offset + (planar ? channel * area : channel)
      if (channels === 'gray' && stride === 3) {
        for (let from = 0; from < area * 3; from += 3, to += step)
          target[to] = table[luma(data, from)] as number
      } else {
        const end = area * stride
        for (
          let from = stride === 3 ? (source[channel] as number) : 0;
          from < end;
          from += stride, to += step
        ) {
          target[to] = table[data[from] as number] as number
        }
      }
    }
  }
}

/** Channels of the model's input: 1 for gray, else 3. */
export function channelCount(input: ModelInput): 1 | 3 {
  return input.channels === 'gray' ? 1 : 3
}

/** What each of the 256 values of a pixel's channel becomes in the tensor. */
function valueTable(input: ModelInput, channel: number): Float32Array {
  const mean = input.mean?.[channel] ?? 0
  const std = input.std?.[channel] ?? 1
  const unit = input.scale === '0..1' ? 255 : 1
  return Float32Array.from(
    { length: 256 },
    (_, pixel) => ((input.invert ? 255 - pixel : pixel) / unit - mean) / std,
  )
}

/** ITU-R BT.601 luma of the RGB pixel at `at`, 0..255: the gray of Pillow and OpenCV. */
function luma(data: Uint8Array, at: number): number {
  const red = data[at] as number
  const green = data[at + 1] as number
  const blue = data[at + 2] as number
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16
}
