import { Readable } from 'node:stream'
import { checkCount } from './content.js'
import { RequestError } from './request-error.js'

/** Files and other fields of one form. */
const MAX_PARTS = 1_000
/** Of the headers of one part. */
const MAX_HEADER_BYTES = 8 * 1024
const MAX_HEADERS = 50
/** What the parser gets at a time: it looks at all of it, also when it has found an error in the first bytes. */
const SLICE_BYTES = 16 * 1024

/**
 * The files of a multipart/form-data body, whatever their fields are called, in order. A part is a file if it has a
 * file name, in any of the forms that clients write it.
 * @param contentType the whole header: it holds the boundary
 * @throws RequestError
 */
export async function imagesFromMultipart(
  body: Uint8Array,
  contentType: string,
  maxImages: number,
): Promise<Uint8Array[]> {
  const { files, count } = await readForm(body, contentType, maxImages).catch((cause) => {
    if (cause instanceof RequestError) throw cause
    throw malformed('the body is not valid multipart/form-data', { cause })
  })
  if (count === 0) {
    throw new RequestError(
      'invalid-input',
      'the form holds no file; send one as `curl -F image=@photo.jpg` does',
    )
  }
  checkCount(count, maxImages)
  return files
}

/** Reads a form. Files after the first `maxFiles` are counted, not kept. */
async function readForm(
  body: Uint8Array,
  contentType: string,
  maxFiles: number,
): Promise<{ files: Uint8Array[]; count: number }> {
  // Loaded when it is needed first: most requests are JSON or an image alone.
  const { Busboy } = await import('@fastify/busboy')
  let hasFailed = false
  return new Promise((resolve, refuse) => {
    const reject = (error: unknown) => {
      hasFailed = true
      refuse(error)
    }
    const form = new Busboy({
      headers: { 'content-type': contentType },
      limits: { parts: MAX_PARTS, headerSize: MAX_HEADER_BYTES, headerPairs: MAX_HEADERS },
      isPartAFile: (_field, _type, fileName) => fileName !== undefined,
    })
    const files: Buffer[][] = []
    let count = 0
    form.on('file', (field: string | undefined, file) => {
      file.on('error', reject)
      if (field === undefined) reject(malformed('a part of the form has a file but no name'))
      count++
      if (count > maxFiles) return file.resume()
      const chunks: Buffer[] = []
      files.push(chunks)
      return file.on('data', (chunk: Buffer) => chunks.push(chunk))
    })
    form.on('partsLimit', () => reject(malformed(`the form has more than ${MAX_PARTS} parts`)))
    form.on('error', reject)
    form.on('finish', () => resolve({ files: files.map((chunks) => Buffer.concat(chunks)), count }))
    Readable.from(slices(body, () => hasFailed)).pipe(form)
  })
}

function* slices(body: Uint8Array, isEnough: () => boolean): Generator<Uint8Array> {
  for (let at = 0; at < body.length && !isEnough(); at += SLICE_BYTES)
    yield body.subarray(at, at + SLICE_BYTES)
}

function malformed(message: string, options?: ErrorOptions): RequestError {
  return new RequestError('malformed-multipart', message, undefined, options)
}
