import type { ModelInput } from '@repo/model-bundle'

/** How the size of the model's input is reached: scale to `scaled`, then cut the input's size out of the centre. */
export interface Geometry {
  scaled: { width: number; height: number }
  left: number
  top: number
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
