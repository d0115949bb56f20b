import type { IncomingMessage } from 'node:http'
import { HttpError } from './problem.js'

/**
 * Reads a request's whole body into one ArrayBuffer, which can be handed to another thread without a copy.
 * The main thread never looks inside: that is the workers' task.
 * @param limit bytes; a longer body is refused, by its Content-Length before a byte of it is kept
 * @throws HttpError `body-too-large`, `body-incomplete` or `unsupported-media-type` (compressed bodies)
 */
export async function readBody(req: IncomingMessage, limit: number): Promise<ArrayBuffer> {
  const encoding = req.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') {
    throw new HttpError(
      'unsupported-media-type',
      `the body must not be compressed (Content-Encoding: ${encoding})`,
    )
  }
  const declared = req.headers['content-length']
  const tooLarge = () => new HttpError('body-too-large', `the body is larger than ${limit} bytes`)
  if (Number(declared) > limit) {
    // Read on and forget, or the client would lose its connection before it sees the answer.
    req.resume()
    throw tooLarge()
  }
  // Of a body with an unknown length we know only that it has to stay below the limit.
  let buffer = new Uint8Array(declared === undefined ? Math.min(limit, 64 * 1024) : Number(declared))
  let length = 0
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      if (length + chunk.length > limit) throw tooLarge()
      if (length + chunk.length > buffer.length) {
        const larger = new Uint8Array(Math.min(limit, Math.max(buffer.length * 2, length + chunk.length)))
        larger.set(buffer.subarray(0, length))
        buffer = larger
      }
      buffer.set(chunk, length)
      length += chunk.length
    }
  } catch (error) {
    if (error instanceof HttpError) throw error
    throw new HttpError('body-incomplete', 'the connection ended before the whole body had come')
  }
  return length === buffer.length ? buffer.buffer : buffer.buffer.slice(0, length)
}
