import { ClassifierError } from '../errors.js'
import type { DecodeLock } from './decode-lock.js'
import type { ImageFormat } from './format.js'
import type { ImageHeader } from './memory.js'

/** The longest side that the decoder can scale to. */
const MAX_SCALED_SIDE = 100_000_000

/** What an image may be, and may cost. */
export interface DecodeLimits {
  /** More than these (width x height, as stored) are refused before anything is decoded. */
  maxPixels: number
  /** Images whose decoding would take more memory than these bytes are refused before it begins. */
  maxBytes: number
  /** For images that take much of that. */
  lock: DecodeLock
}

/** @throws ClassifierError `image-too-large` */
export function assertPixels({ width, height }: ImageHeader, maxPixels: number): void {
  if (width * height <= maxPixels) return
  throw new ClassifierError(
    'image-too-large',
    `the image has ${width} x ${height} pixels; at most ${maxPixels} in all are accepted. Scale it down first`,
  )
}

/** @throws ClassifierError `image-too-large` when an image is so long and narrow that the decoder would refuse its scaled size */
export function assertScalable(
  { width, height }: ImageHeader,
  scaled: { width: number; height: number },
  input: { width: number; height: number },
): void {
  if (Math.max(scaled.width, scaled.height) <= MAX_SCALED_SIDE) return
  throw new ClassifierError(
    'image-too-large',
    `the image has ${width} x ${height} pixels, too long and narrow to be scaled to the model's ${input.width} x ${input.height}. Cut off what is not needed`,
  )
}

/** @throws ClassifierError `image-too-large` */
export function assertMemory(
  format: ImageFormat,
  { width, height, isProgressive }: ImageHeader,
  cost: number,
  maxBytes: number,
): void {
  if (cost <= maxBytes) return
  const staged = format === 'jpeg' ? 'progressive' : 'interlaced'
  const kind = `${isProgressive ? `${staged} ` : ''}${format.toUpperCase()}`
  throw new ClassifierError(
    'image-too-large',
    `to decode the image, ${kind} of ${width} x ${height} pixels, would take about ${megabytes(cost)} MB of memory; at most ${megabytes(maxBytes)} MB are allowed. Scale it down, or send it as a baseline JPEG`,
  )
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1_000_000)
}
