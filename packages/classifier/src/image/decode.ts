import type { ModelInput } from '@repo/model-bundle'
import sharp, { type Sharp } from 'sharp'
import { ClassifierError } from '../errors.js'
import type { PixelAllowance } from './allowance.js'
import { IMAGE_FORMATS, imageFormat } from './format.js'
import { geometry } from './geometry.js'
import { scanCount } from './jpeg.js'
import {
  assertMemory,
  assertPixels,
  assertScalable,
  assertScans,
  type DecodeLimits,
  decodedPixels,
} from './limits.js'
import { decodeMemory } from './memory.js'
import { orientation, type Region, storedRegion, storedSize, turnUpright } from './orientation.js'
import type { Pixels } from './pixels.js'
import type { DecodeSmallPng } from './png.js'
import { neededChunks } from './png-chunks.js'

// libvips would keep decoded images for a next use that never comes, and start a thread for every core in every call.
sharp.cache(false)
sharp.concurrency(1)

/**
 * Decodes an image to exactly the model's width and height: first frame, upright (EXIF), 8 bits, sRGB, transparency
 * over white.
 * @param allowance of the request that the image came with
 * @throws ClassifierError `image-unsupported`, `image-undecodable` or `image-too-large`
 */
export type DecodeImage = (bytes: Uint8Array, allowance?: PixelAllowance) => Promise<Pixels>

/** Inputs up to this size may get images that another decoder is quicker with. */
const SMALL_INPUT_PIXELS = 128 * 128

/** Images that take more memory are decoded one at a time, so that the process never needs it twice. */
const LARGE_BYTES = 32 * 1024 * 1024

/** Makes the decoder for a model's input. */
export async function imageDecoder(input: ModelInput, limits: DecodeLimits): Promise<DecodeImage> {
  const isSmall = input.width * input.height <= SMALL_INPUT_PIXELS
  // Loading it takes time that a model for photos can save.
  const decodeSmallPng = isSmall ? (await import('./png.js')).decodeSmallPng : undefined
  return (bytes, allowance) => decodeImage(bytes, input, limits, allowance, decodeSmallPng)
}

async function decodeImage(
  bytes: Uint8Array,
  input: ModelInput,
  limits: DecodeLimits,
  allowance: PixelAllowance | undefined,
  decodeSmallPng: DecodeSmallPng | undefined,
): Promise<Pixels> {
  const format = imageFormat(bytes)
  if (!format) {
    const known = IMAGE_FORMATS.join(', ').toUpperCase()
    throw new ClassifierError('image-unsupported', `the bytes are not an image of a known format (${known})`)
  }
  const fast = format === 'png' ? decodeSmallPng?.(bytes, input.width, input.height) : undefined
  if (fast) return fast

  const scans = format === 'jpeg' ? scanCount(bytes) : 1
  const needed = format === 'png' ? neededChunks(bytes) : bytes
  const image = sharp(needed, { failOn: 'error', limitInputPixels: false, sequentialRead: true })
  const header = await image.metadata().catch(undecodable)
  assertPixels(header, limits.maxPixels)
  assertScans(header, scans, limits.maxPixels)
  allowance?.take(decodedPixels(header, scans))
  const { scaled, left, top } = geometry(header.autoOrient, input)
  assertScalable(header, scaled, input)
  const lies = orientation(header.orientation)
  const storedScaled = storedSize(scaled, lies)
  const cost = decodeMemory(format, header, storedScaled, bytes)
  assertMemory(format, header, cost, limits.maxBytes)
  const region = storedRegion({ width: input.width, height: input.height, left, top }, scaled, lies)
  // With 16 bits the colours would be taken from the file's profile to P3, and left there.
  if (header.space === 'rgb16' && header.hasProfile) image.pipelineColourspace('srgb')
  const decode = () => scaledRegion(image, storedScaled, region).catch(undecodable)
  const pixels = await (cost > LARGE_BYTES ? limits.lock.run(decode) : decode())
  return turnUpright(pixels, input, lies)
}

/** Scales an image, as it lies in the file, and cuts a region out of it. */
async function scaledRegion(
  image: Sharp,
  scaled: { width: number; height: number },
  region: Region,
): Promise<Pixels> {
  const { data, info } = await image
    // A linear kernel widened to the scale: what Pillow calls bilinear, which most models are trained with.
    .resize(scaled.width, scaled.height, { fit: 'fill', kernel: 'linear' })
    .extract(region)
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  return { data, channels: info.channels === 1 ? 1 : 3 }
}

function undecodable(cause: Error): never {
  // The decoder's words name no content, only what is broken, so they may reach the caller.
  const why = cause.message.split('\n')[0]
  throw new ClassifierError('image-undecodable', `the image cannot be decoded: ${why}`, { cause })
}
