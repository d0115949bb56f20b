import { ClassifierError } from '@repo/classifier/errors'
import { RequestError, type RequestErrorCode } from './request-error.js'

/** Takes off what clients wrap base64 in: Python's `b'...'` (as the original did), a data: URL, line breaks. */
export function plainBase64(text: string): string {
  const bare = text.startsWith("b'") && text.endsWith("'") ? text.slice(2, -1) : text
  return bare.replace(/^data:[^,]{0,100};base64,/i, '').replace(/[\r\n\t ]+/g, '')
}

/** Undefined when the text is not base64. Node's decoder leaves out what it does not know, so the length tells. */
export function decodeBase64(text: string): Uint8Array | undefined {
  let length = text.length
  while (length > text.length - 2 && text[length - 1] === '=') length--
  const bytes = Buffer.from(text, 'base64')
  return length % 4 !== 1 && bytes.length === Math.floor((length * 3) / 4) ? bytes : undefined
}

/** The images of a list of base64 texts. @throws RequestError that names the first bad one */
export function imagesFromList(list: readonly unknown[], maxImages: number): Uint8Array[] {
  checkCount(list.length, maxImages)
  return list.map((element, index) => {
    const image = typeof element === 'string' ? decodeBase64(plainBase64(element)) : undefined
    if (image) return image
    throw new RequestError('not-base64', `image ${index} is not a text in base64`, index)
  })
}

/** @throws RequestError `too-many-images` */
export function checkCount(count: number, maxImages: number): void {
  if (count <= maxImages) return
  throw new RequestError(
    'too-many-images',
    `${count} images were sent; at most ${maxImages} are taken in one request`,
  )
}

/** Does something with each image, one after the other, and says which image an error is about. */
export async function eachImage<T>(
  images: Uint8Array[],
  use: (image: Uint8Array) => Promise<T>,
): Promise<T[]> {
  const results: T[] = []
  for (const [index, image] of images.entries()) {
    try {
      results.push(await use(image))
    } catch (error) {
      if (!(error instanceof ClassifierError)) throw error
      const message = `image ${index}: ${error.message}`
      throw new RequestError(error.code as RequestErrorCode, message, index, { cause: error })
    }
  }
  return results
}
