import { z } from 'zod'
import { decodeBase64, imagesFromList, parseJson } from './content.js'
import { RequestError } from './request-error.js'

/** The body of POST /score: a JSON text that holds an array of base64 images, or that array itself. */
export const scoreRequestSchema = z.object({ input: z.union([z.string(), z.array(z.unknown())]) })

/**
 * The images of a JSON score request.
 * @throws RequestError
 */
export function imagesFromJson(body: Uint8Array, maxImages: number): Uint8Array[] {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  return usualShape(bytes, maxImages) ?? anyShape(bytes, maxImages)
}

/**
 * Reads what nearly every client sends, `{"input":"[\"<base64>\", ...]"}`, without building strings of strings: for a
 * photo a third of the general way's time. It is as strict as JSON: anything else is left to the general way.
 */
function usualShape(bytes: Buffer, maxImages: number): Uint8Array[] | undefined {
  const start = /^[ \t\r\n]*\{[ \t\r\n]*"input"[ \t\r\n]*:[ \t\r\n]*"\[ *\\"/.exec(
    bytes.toString('latin1', 0, 100),
  )
  if (!start) return undefined
  const images: Uint8Array[] = []
  let at = start[0].length
  while (images.length < maxImages) {
    const end = bytes.indexOf(0x5c, at)
    const image = end === -1 ? undefined : decodeBase64(bytes.toString('latin1', at, end))
    if (!image) return undefined
    images.push(image)
    const next = bytes.toString('latin1', end, end + 100)
    if (/^\\" *\]"[ \t\r\n]*\}[ \t\r\n]*$/.test(next) && end + next.length === bytes.length) return images
    const separator = /^\\" *, *\\"/.exec(next)
    if (!separator) return undefined
    at = end + separator[0].length
  }
  return undefined
}

function anyShape(bytes: Buffer, maxImages: number): Uint8Array[] {
  const request = scoreRequestSchema.safeParse(parseJson(bytes, 'the body'))
  if (!request.success) {
    throw new RequestError(
      'invalid-input',
      `the body must be {"input": "[\\"<base64 image>\\", ...]"}; ${firstIssue(request.error)}`,
    )
  }
  const { input } = request.data
  const list = typeof input === 'string' ? parseJson(input, '"input"') : input
  if (!Array.isArray(list)) {
    throw new RequestError(
      'invalid-input',
      '"input" must hold a list of base64 images, such as "[\\"iVBORw0...\\"]"',
    )
  }
  return imagesFromList(list, maxImages)
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0]
  return `${issue?.path.join('.') || 'the body'}: ${issue?.message}`
}
