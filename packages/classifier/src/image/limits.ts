import { ClassifierError } from '../errors.js'
import type { DecodeLock } from './decode-lock.js'
import type { ImageFormat } from './format.js'
import type { ImageHeader } from './memory.js'

/** The longest side that the decoder can scale to. */
const MAX_SCALED_SIDE = 100_000_000

/** So a JPEG of the most pixels may have this many scans, a smaller one more; the worst take about 2 s by default. */
const SCANS_COUNTED_ONCE = 20

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

/**
 * The pixels that decoding an image amounts to. Each scan of a progressive JPEG goes over all of them, in up to 2 ns a
 * pixel: as many scans as encoders make (10, with CMYK 18) count once, a hundred five times.
 */
export function decodedPixels({ width, height }: ImageHeader, scans: number): number {
  return Math.ceil(width * height * Math.max(1, scans / SCANS_COUNTED_ONCE))
}

/** @throws ClassifierError `image-too-large` when a JPEG has so many scans that they are more work than the most pixels */
export function assertScans(header: ImageHeader, scans: number, maxPixels: number): void {
  if (decodedPixels(header, scans) <= maxPixels) return
  const { width, height } = header
  const most = Math.floor((SCANS_COUNTED_ONCE * maxPixels) / (width * height))
  throw new ClassifierError(
    'image-too-large',
    `the image is a JPEG of ${scans} scans; at its size, ${width} x ${height} pixels, at most ${most} are accepted. Save it anew: a progressive JPEG has about 10, a baseline JPEG one`,
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
