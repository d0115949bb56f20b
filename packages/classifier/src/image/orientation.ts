import type { Pixels } from './pixels.js'

/** A rectangle's size and place, in pixels. */
export interface Region {
  width: number
  height: number
  left: number
  top: number
}

/**
 * How an image lies in its file, by EXIF's eight orientations. To turn a photo upright it would have to be decoded as a
 * whole; the small result is turned instead.
 */
export interface Orientation {
  /** Rows are columns: width and height change places. */
  swapped: boolean
  /** Rows as stored run from the bottom up. */
  upward: boolean
  /** Columns as stored run from right to left. */
  leftward: boolean
}

/** @param exif 1 to 8; anything else counts as upright */
export function orientation(exif = 1): Orientation {
  return {
    swapped: exif >= 5 && exif <= 8,
    upward: [3, 4, 6, 7].includes(exif),
    leftward: [2, 3, 7, 8].includes(exif),
  }
}

/** A size as it lies in the file. */
export function storedSize(
  { width, height }: { width: number; height: number },
  { swapped }: Orientation,
): { width: number; height: number } {
  return swapped ? { width: height, height: width } : { width, height }
}

/** Where a region of the upright image of size `image` lies in the file. */
export function storedRegion(
  region: Region,
  image: { width: number; height: number },
  as: Orientation,
): Region {
  const right = image.width - region.width - region.left
  const bottom = image.height - region.height - region.top
  const across = as.swapped ? [region.top, bottom] : [region.left, right]
  const down = as.swapped ? [region.left, right] : [region.top, bottom]
  return {
    ...storedSize(region, as),
    left: across[as.leftward ? 1 : 0] as number,
    top: down[as.upward ? 1 : 0] as number,
  }
}

/** Turns pixels that lie as in the file upright. @param size the upright image's, in pixels */
export function turnUpright(
  pixels: Pixels,
  { width, height }: { width: number; height: number },
  { swapped, upward, leftward }: Orientation,
): Pixels {
  if (!swapped && !upward && !leftward) return pixels
  const { data, channels } = pixels
  const columns = swapped ? height : width
  const rows = swapped ? width : height
  const upright = new Uint8Array(data.length)
  let to = 0
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const row = swapped ? x : y
      const column = swapped ? y : x
      const from = (upward ? rows - 1 - row : row) * columns + (leftward ? columns - 1 - column : column)
      for (let channel = 0; channel < channels; channel++)
        upright[to++] = data[from * channels + channel] as number
    }
  }
  return { data: upright, channels }
}
