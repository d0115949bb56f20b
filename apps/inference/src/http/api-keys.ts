import { createHash, timingSafeEqual } from 'node:crypto'
import type { Request, RequestHandler } from 'express'
import { HttpError } from './problem.js'

/**
 * Lets only those pass who send one of the keys, as `Authorization: Bearer <key>` or as `x-api-key`.
 * @param keys none: everybody passes
 */
export function apiKeys(keys: readonly string[]): RequestHandler {
  if (keys.length === 0) return (_req, _res, next) => next()
  const hashes = keys.map(sha256)
  return (req, _res, next) => {
    if (!givenKeys(req).some((key) => isOneOf(hashes, sha256(key)))) {
      throw new HttpError('unauthorized', 'send an API key: Authorization: Bearer <key>, or x-api-key', {
        'www-authenticate': 'Bearer',
      })
    }
    next()
  }
}

/** Either will do: a gateway may have put a token of its own into the one header. */
function givenKeys(req: Request): string[] {
  const bearer = /^Bearer +(\S+)$/i.exec(req.get('authorization') ?? '')?.[1]
  return [bearer, req.get('x-api-key')].filter((key) => key !== undefined)
}

/** Takes the same time whichever key it is, and however much of it is right: hashes are compared, and all of them. */
function isOneOf(hashes: readonly Buffer[], hash: Buffer): boolean {
  let found = false
  for (const known of hashes) found = timingSafeEqual(known, hash) || found
  return found
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
