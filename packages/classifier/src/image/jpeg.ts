import { ClassifierError } from '../errors.js'

/**
 * The decoder keeps each segment's data, and some hundred bytes beside: a file of tiny ones takes 40 times its size. Real
 * files have a few dozen; 16 MB of full segments are 256.
 */
const MAX_SEGMENTS = 10_000

/** The second byte of markers (https://www.w3.org/Graphics/JPEG/itu-t81.pdf, table B.1). */
const SOF0 = 0xc0
const SOF15 = 0xcf
const SOS = 0xda
const EOI = 0xd9
/** In the range of the frames' markers, but none: tables, and one that is reserved. */
const NO_FRAMES = [0xc4, 0xc8, 0xcc]
const PROGRESSIVE_FRAMES = [0xc2, 0xca]

/**
 * How many scans the decoder would read before the first pixel comes out, without decoding anything. An image whose
 * first scan is all of it has one, whatever follows: the walk ends there, after a few dozen steps. Progressive images
 * and those with a scan for each channel are read to their end.
 * @throws ClassifierError `image-too-large` when there are more segments than any real file has
 */
export function scanCount(bytes: Uint8Array): number {
  let scans = 0
  let segments = 0
  let channels: number | undefined
  for (const at of segmentOffsets(bytes)) {
    if (++segments > MAX_SEGMENTS)
      throw new ClassifierError(
        'image-too-large',
        `the JPEG has more than ${MAX_SEGMENTS} segments; real ones have a few dozen. Save it anew, as a baseline JPEG without metadata`,
      )
    const marker = bytes[at + 1] as number
    if (marker >= SOF0 && marker <= SOF15 && !NO_FRAMES.includes(marker))
      channels = PROGRESSIVE_FRAMES.includes(marker) ? undefined : bytes[at + 9]
    if (marker !== SOS) continue
    scans++
    if (scans === 1 && bytes[at + 4] === channels) break
  }
  return scans
}

/** Where the segments begin that have a length, up to the image's end; as libjpeg reads them, whatever lies between. */
function* segmentOffsets(bytes: Uint8Array): Generator<number> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = 2; at < file.length; ) {
    // Mostly compressed pixels, in which 0xff is followed by 0.
    if (file[at] !== 0xff) at = file.indexOf(0xff, at)
    const marker = file[at + 1]
    if (at === -1 || marker === undefined || marker === EOI) return
    if (marker === 0xff) at += 1
    else if (standsAlone(marker)) at += 2
    else {
      yield at
      at += 2 + (((file[at + 2] ?? 0) << 8) | (file[at + 3] ?? 0))
    }
  }
}

/** Whether no length follows: restarts, the image's begin, and what is no marker in this place. */
function standsAlone(marker: number): boolean {
  return marker < SOF0 || (marker >= 0xd0 && marker <= 0xd8)
}
