import { ClassifierError } from '../errors.js'

/** How many times the pixels of the largest image all images of one request may have together. */
const IMAGES = 4

/** The pixels that the images of one request may have together: many small files can be much work. */
export class PixelAllowance {
  readonly #all: number
  #taken = 0

  /** @param maxPixels of one image */
  constructor(maxPixels: number) {
    this.#all = IMAGES * maxPixels
  }

  /** @throws ClassifierError `image-too-large` when this image is one too many */
  take(pixels: number): void {
    this.#taken += pixels
    if (this.#taken <= this.#all) return
    throw new ClassifierError(
      'image-too-large',
      `with this image the request has ${this.#taken} pixels; at most ${this.#all} in all images are accepted. Send it in a request of its own`,
    )
  }
}
