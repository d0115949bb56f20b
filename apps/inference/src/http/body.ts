import type { IncomingMessage } from 'node:http'
import type { BodyShare } from './body-budget.js'
import { GIVEN_UP } from './connections.js'
import { HttpError } from './problem.js'

/** Chunks below this size are collected in blocks: each part costs something of its own. */
const SMALL_CHUNK_BYTES = 16 * 1024
const BLOCK_BYTES = 64 * 1024

/**
 * Reads a request's whole body in the parts in which it came: their memory can be handed to another thread without a
 * copy, and what is handed over does not make this thread collect garbage. The main thread never looks inside: that is
 * the workers' task.
 * @param limit bytes; a longer body is refused, by its Content-Length before a byte of it is kept
 * @param share takes what is kept; the caller gives it back, also after an error
 * @throws HttpError `body-too-large`, `bodies-full`, `body-incomplete`, `unsupported-media-type` (compressed bodies), or
 *   with which the server gave the request up
 */
export async function readBody(
  req: IncomingMessage,
  limit: number,
  share: BodyShare,
): Promise<ArrayBuffer[]> {
  const encoding = req.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') {
    throw new HttpError(
      'unsupported-media-type',
      `the body must not be compressed (Content-Encoding: ${encoding})`,
    )
  }
  const declared = Number(req.headers['content-length'] ?? Number.NaN)
  return new Promise((resolve, reject) => {
    const parts: ArrayBuffer[] = []
    let block = new Uint8Array(0)
    let filled = 0
    let length = 0

    const endBlock = () => {
      if (filled > 0) parts.push(filled === block.length ? block.buffer : block.buffer.slice(0, filled))
      block = new Uint8Array(0)
      filled = 0
    }
    const read = (chunk: Buffer) => {
      length += chunk.length
      if (length > limit) return refuse(tooLarge())
      try {
        share.take(chunk.length)
      } catch (error) {
        return refuse(error as HttpError)
      }
      // The parser gives every chunk memory of its own; the check is for the day when it does not.
      if (chunk.length >= SMALL_CHUNK_BYTES && chunk.length === chunk.buffer.byteLength) {
        endBlock()
        parts.push(chunk.buffer as ArrayBuffer)
        return
      }
      if (filled + chunk.length > block.length) {
        endBlock()
        const left = (Number.isNaN(declared) ? BLOCK_BYTES : declared - length) + chunk.length
        block = new Uint8Array(Math.max(chunk.length, Math.min(BLOCK_BYTES, left)))
      }
      block.set(chunk, filled)
      filled += chunk.length
    }
    const tooLarge = () => new HttpError('body-too-large', `the body is larger than ${limit} bytes`)
    const refuse = (error: HttpError) => {
      // Read on and forget, or the client would lose its connection before it sees the answer.
      req.off('data', read).resume()
      parts.length = 0
      reject(error)
    }
    const incomplete = () => {
      // Every request closes in the end; an error costs a stack trace.
      if (req.complete) return
      reject(new HttpError('body-incomplete', 'the connection ended before the whole body had come'))
    }

    if (declared > limit) return refuse(tooLarge())
    req.on('data', read)
    req.once(GIVEN_UP, refuse)
    req.once('end', () => {
      endBlock()
      resolve(parts)
    })
    req.once('error', incomplete)
    req.once('close', incomplete)
  })
}
