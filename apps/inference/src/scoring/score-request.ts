import { z } from 'zod'
import { ScoreError } from './errors.js'

/** The body of POST /score: a JSON text that holds an array of base64 images, or that array itself. */
export const scoreRequestSchema = z.object({ input: z.union([z.string(), z.array(z.unknown())]) })

/**
 * The images of a JSON score request.
 * @throws ScoreError
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
    throw new ScoreError(
      'invalid-input',
      `the body must be {"input": "[\\"<base64 image>\\", ...]"}; ${firstIssue(request.error)}`,
    )
  }
  const { input } = request.data
  const list = typeof input === 'string' ? parseJson(input, '"input"') : input
  if (!Array.isArray(list)) {
    throw new ScoreError(
      'invalid-input',
      '"input" must hold a list of base64 images, such as "[\\"iVBORw0...\\"]"',
    )
  }
  checkCount(list.length, maxImages)
  return list.map((element: unknown, index) => {
    const image = typeof element === 'string' ? decodeBase64(plainBase64(element)) : undefined
    if (image) return image
    throw new ScoreError('not-base64', `image ${index} is not a text in base64`, index)
  })
}

/** @throws ScoreError `too-many-images` */
export function checkCount(count: number, maxImages: number): void {
  if (count <= maxImages) return
  throw new ScoreError(
    'too-many-images',
    `${count} images were sent; at most ${maxImages} are taken in one request`,
  )
}

function parseJson(text: Buffer | string, what: string): unknown {
  try {
    return JSON.parse(
      typeof text === 'string' ? text : new TextDecoder('utf-8', { fatal: true }).decode(text),
    )
  } catch (cause) {
    // The parser's own message quotes the text, and images have no place in answers and logs.
    throw new ScoreError('malformed-json', `${what} is not valid JSON`, undefined, { cause })
  }
}

/** Takes off what clients wrap base64 in: Python's `b'...'` (as the original did), a data: URL, line breaks. */
function plainBase64(text: string): string {
  const bare = text.startsWith("b'") && text.endsWith("'") ? text.slice(2, -1) : text
  return bare.replace(/^data:[^,]{0,100};base64,/, '').replace(/[\r\n\t ]+/g, '')
}

/** Undefined when the text is not base64. Node's decoder leaves out what it does not know, so the length tells. */
function decodeBase64(text: string): Uint8Array | undefined {
  let length = text.length
  while (length > text.length - 2 && text[length - 1] === '=') length--
  const bytes = Buffer.from(text, 'base64')
  return length % 4 !== 1 && bytes.length === Math.floor((length * 3) / 4) ? bytes : undefined
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0]
  return `${issue?.path.join('.') || 'the body'}: ${issue?.message}`
}
