import type { ModelInput } from '@repo/model-bundle'
import sharp from 'sharp'
import { ClassifierError } from '../errors.js'
import { IMAGE_FORMATS, imageFormat } from './format.js'
import type { Pixels } from './pixels.js'
import type { DecodeSmallPng } from './png.js'

// libvips would keep decoded images for a next use that never comes, and start a thread for every core in every call.
sharp.cache(false)
sharp.concurrency(1)

/** How the size of the model's input is reached: scale to `scaled`, then cut the input's size out of the centre. */
export interface Geometry {
  scaled: { width: number; height: number }
  left: number
  top: number
}

/**
 * Decodes an image to exactly the model's width and height: first frame, upright (EXIF), 8 bits, sRGB, transparency
 * over white.
 * @throws ClassifierError `image-unsupported`, `image-undecodable` or `image-too-large`
 */
export type DecodeImage = (bytes: Uint8Array) => Promise<Pixels>

/** Inputs up to this size may get images that another decoder is quicker with. */
const SMALL_INPUT_PIXELS = 128 * 128

/**
 * Makes the decoder for a model's input.
 * @param maxPixels more than these (width x height, as stored) are refused before anything is decoded
 */
export async function imageDecoder(input: ModelInput, maxPixels: number): Promise<DecodeImage> {
  const isSmall = input.width * input.height <= SMALL_INPUT_PIXELS
  // Loading it takes time that a model for photos can save.
  const decodeSmallPng = isSmall ? (await import('./png.js')).decodeSmallPng : undefined
  return (bytes) => decodeImage(bytes, input, maxPixels, decodeSmallPng)
}

async function decodeImage(
  bytes: Uint8Array,
  input: ModelInput,
  maxPixels: number,
  decodeSmallPng: DecodeSmallPng | undefined,
): Promise<Pixels> {
  const format = imageFormat(bytes)
  if (!format) {
    const known = IMAGE_FORMATS.join(', ').toUpperCase()
    throw new ClassifierError('image-unsupported', `the bytes are not an image of a known format (${known})`)
  }
  const fast = format === 'png' ? decodeSmallPng?.(bytes, input.width, input.height) : undefined
  if (fast) return fast

  const image = sharp(bytes, { failOn: 'error', limitInputPixels: false, sequentialRead: true })
  const { width, height, autoOrient } = await image.metadata().catch(undecodable)
  if (width * height > maxPixels) {
    throw new ClassifierError(
      'image-too-large',
      `the image has ${width} x ${height} pixels; at most ${maxPixels} in all are accepted. Scale it down first`,
    )
  }
  const { scaled, left, top } = geometry(autoOrient, input)
  const { data, info } = await image
    .autoOrient()
    // A linear kernel widened to the scale: what Pillow calls bilinear, which most models are trained with.
    .resize(scaled.width, scaled.height, { fit: 'fill', kernel: 'linear' })
    .extract({ left, top, width: input.width, height: input.height })
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch(undecodable)
  return { data, channels: info.channels === 1 ? 1 : 3 }
}

/** Where the model's input lies in an image of this size; sizes in pixels, after turning it upright. */
export function geometry(image: { width: number; height: number }, input: ModelInput): Geometry {
  const { width, height, resize } = input
  if (resize.mode === 'squash') return { scaled: { width, height }, left: 0, top: 0 }
  const factor =
    resize.mode === 'short-side'
      ? resize.shortSide / Math.min(image.width, image.height)
      : Math.max(width / image.width, height / image.height)
  const scaled = {
    // Rounded down, as torchvision does (the small addition is for factors that are not exact in binary).
    width: Math.max(width, Math.floor(image.width * factor + 1e-6)),
    height: Math.max(height, Math.floor(image.height * factor + 1e-6)),
  }
  return {
    scaled,
    left: Math.floor((scaled.width - width) / 2),
    top: Math.floor((scaled.height - height) / 2),
  }
}

function undecodable(cause: Error): never {
  // The decoder's words name no content, only what is broken, so they may reach the caller.
  const why = cause.message.split('\n')[0]
  throw new ClassifierError('image-undecodable', `the image cannot be decoded: ${why}`, { cause })
}
