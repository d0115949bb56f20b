import { z } from 'zod'
import { imagesFromList } from './content.js'
import { parseJson } from './json.js'
import { RequestError } from './request-error.js'

/** Far more than images are ever taken, so that who sends too many is told their number. */
const MAX_VALUES = 200_000

/** The body of POST /score: a JSON text that holds an array of base64 images, or that array itself. */
export const scoreRequestSchema = z.object({ input: z.union([z.string(), z.array(z.unknown())]) })

/**
 * The images of a JSON score request of any allowed form.
 * @throws RequestError
 */
export function imagesFromAnyJson(bytes: Buffer, maxImages: number): Uint8Array[] {
  const request = scoreRequestSchema.safeParse(parseJson(bytes, 'the body', MAX_VALUES))
  if (!request.success) {
    throw new RequestError(
      'invalid-input',
      `the body must be {"input": "[\\"<base64 image>\\", ...]"}; ${firstIssue(request.error)}`,
    )
  }
  const { input } = request.data
  const list = typeof input === 'string' ? parseJson(input, '"input"', MAX_VALUES) : input
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
