import { RequestError } from './request-error.js'

/** Tensors may be nested, pixel by pixel, and have many lists; nobody has many objects or keys. */
const MAX_LISTS = 500_000
const MAX_OBJECTS = 10_000
const MAX_KEYS = 10_000

const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * What two or three bytes of a text stand for can take a hundred once it is parsed, so a body within its limit could
 * become a gigabyte. So what it holds is counted first, in the text.
 * @param what its name in errors
 * @param maxValues elements of lists and members of objects
 * @throws RequestError `malformed-json`: the parser's own message quotes the text, and images have no place in answers;
 *   `body-too-large`
 */
export function parseJson(text: Buffer | string, what: string, maxValues: number): unknown {
  const excess = tooMany(text, maxValues)
  if (excess) throw new RequestError('body-too-large', `${what} holds more than ${excess}`)
  try {
    return JSON.parse(
      typeof text === 'string' ? text : new TextDecoder('utf-8', { fatal: true }).decode(text),
    )
  } catch (cause) {
    throw new RequestError('malformed-json', `${what} is not valid JSON`, undefined, { cause })
  }
}

/** @returns what there are too many of, such as "10000 keys" */
function tooMany(text: Buffer | string, maxValues: number): string | undefined {
  // Too short to hold too many of anything: most requests that come here.
  if (text.length < MAX_KEYS) return undefined
  const counted = [
    { sign: ',', limit: maxValues, name: 'values' },
    { sign: '[', limit: MAX_LISTS, name: 'lists; a tensor may be one flat list' },
    { sign: '{', limit: MAX_OBJECTS, name: 'objects' },
    { sign: ':', limit: MAX_KEYS, name: 'keys' },
  ]
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  const counts = new Uint32Array(256)
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number
    if (byte === QUOTE) at = endOfString(bytes, at + 1)
    else counts[byte] = (counts[byte] ?? 0) + 1
  }
  const excess = counted.find(({ sign, limit }) => (counts[sign.charCodeAt(0)] ?? 0) > limit)
  return excess && `${excess.limit} ${excess.name}`
}

/** Where the quote is that ends a string. */
function endOfString(bytes: Buffer, from: number): number {
  for (let at = from; ; at++) {
    at = bytes.indexOf(QUOTE, at)
    if (at === -1) return bytes.length
    let backslashes = 0
    while (bytes[at - 1 - backslashes] === BACKSLASH && at - 1 - backslashes >= from) backslashes++
    if (backslashes % 2 === 0) return at
  }
}
