import type { Metadata } from 'sharp'
import type { ImageFormat } from './format.js'

/** What an image's header says of it. */
export type ImageHeader = Pick<Metadata, 'width' | 'height' | 'channels' | 'depth' | 'isProgressive'>

/** Bytes of one sample; a depth that is not here is counted as the largest. */
const SAMPLE_BYTES: Record<string, number> = {
  char: 1,
  uchar: 1,
  short: 2,
  ushort: 2,
  int: 4,
  uint: 4,
  float: 4,
}
const LARGEST_SAMPLE_BYTES = 16

/** Rows that are held while an image passes through: 2,000 were the most that was seen, of low images each 7 times. */
const MAX_ROWS = 2_100
const COPIES_OF_ROWS = 7

/** JPEGs are made up to this much smaller while they are decoded. */
const MAX_SHRINK = 8

/**
 * About how many bytes the decoding of an image takes at its peak, rather more than less. All factors were measured
 * with images of 12 and 24 megapixels.
 * @param scaled what it is scaled to, as it lies in the file
 */
export function decodeMemory(
  format: ImageFormat,
  header: ImageHeader,
  scaled: { width: number; height: number },
  bytes: Uint8Array,
): number {
  const { width, height, channels } = header
  const pixelBytes = channels * (SAMPLE_BYTES[header.depth] ?? LARGEST_SAMPLE_BYTES)
  const ratio = Math.min(width / scaled.width, height / scaled.height, MAX_SHRINK)
  const shrink = format === 'jpeg' || format === 'webp' ? Math.max(1, ratio / 2) : 1
  const rows = Math.min(MAX_ROWS, (height / shrink) * COPIES_OF_ROWS)
  return width * height * wholeImage(format, header, pixelBytes, bytes) + (width / shrink) * rows * pixelBytes
}

/** Bytes for each pixel that stay in memory until the last one is decoded. */
function wholeImage(format: ImageFormat, header: ImageHeader, pixelBytes: number, bytes: Uint8Array): number {
  switch (format) {
    // Coefficients of 16 bits, until the last scan has come.
    case 'jpeg':
      return header.isProgressive ? header.channels * 2.1 : 0
    case 'png':
      return header.isProgressive ? pixelBytes * 1.05 : 0
    case 'webp':
      return 5
    case 'gif':
      return 4.1
    // A strip or a tile may be as large as the image.
    case 'tiff':
      return pixelBytes * 1.05
    // Its decoder's frames, and several copies on the way from YUV to RGB.
    case 'avif':
      if (hasHalvedColours(bytes)) return header.depth === 'uchar' ? 16 : 17.5
      return header.depth === 'uchar' ? 18.5 : 24.5
  }
}

/**
 * Whether an AVIF stores its colours at half width and height (4:2:0), as cameras do: each of its configurations says
 * so in two bits (https://aomediacodec.github.io/av1-isobmff/#av1codecconfigurationbox-syntax).
 */
function hasHalvedColours(bytes: Uint8Array): boolean {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  let found = false
  for (let at = file.indexOf('av1C'); at !== -1; at = file.indexOf('av1C', at + 4)) {
    if (((file[at + 6] ?? 0) & 0b1100) !== 0b1100) return false
    found = true
  }
  return found
}
