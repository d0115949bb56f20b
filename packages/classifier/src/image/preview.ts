import type { ModelInput } from '@repo/model-bundle'
import sharp from 'sharp'
import { channelCount, type TensorData } from './tensor.js'

/**
 * Draws an input tensor of one image: what was cropped, resized, made gray or inverted stays so; only scale, mean and
 * std are undone.
 * @returns a PNG of the model's width and height
 */
export function tensorPng(input: ModelInput, tensor: TensorData): Promise<Buffer> {
  const { width, height, layout } = input
  const channels = channelCount(input)
  const area = width * height
  // Rounds, and stays within 0..255.
  const pixels = new Uint8ClampedArray(area * channels)
  const unit = input.scale === '0..1' ? 255 : 1
  for (let channel = 0; channel < channels; channel++) {
    const std = input.std?.[channel] ?? 1
    const mean = input.mean?.[channel] ?? 0
    // A picture's channels are red, green, blue.
    const to = input.channels === 'bgr' ? 2 - channel : channel
    for (let pixel = 0; pixel < area; pixel++) {
      const at = layout === 'NCHW' ? channel * area + pixel : pixel * channels + channel
      pixels[pixel * channels + to] = ((tensor[at] as number) * std + mean) * unit
    }
  }
  return sharp(pixels, { raw: { width, height, channels } }).png().toBuffer()
}
