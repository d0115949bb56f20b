import { checkCount } from './content.js'
import { RequestError } from './request-error.js'

/**
 * The files of a multipart/form-data body, whatever their fields are called, in order.
 * @param contentType the whole header: it holds the boundary
 * @throws RequestError
 */
export async function imagesFromMultipart(
  body: Uint8Array,
  contentType: string,
  maxImages: number,
): Promise<Uint8Array[]> {
  const form = await new Response(body, { headers: { 'content-type': contentType } })
    .formData()
    .catch((cause) => {
      throw new RequestError('malformed-multipart', 'the body is not valid multipart/form-data', undefined, {
        cause,
      })
    })
  const files = [...form.values()].filter((value) => typeof value !== 'string')
  if (files.length === 0) {
    throw new RequestError(
      'invalid-input',
      'the form holds no file; send one as `curl -F image=@photo.jpg` does',
    )
  }
  checkCount(files.length, maxImages)
  return Promise.all(files.map(async (file) => new Uint8Array(await file.arrayBuffer())))
}
