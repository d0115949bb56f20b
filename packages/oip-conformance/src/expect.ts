import type { Answer } from './client.js'
import { Unmet } from './errors.js'

export type JsonObject = Record<string, unknown>

const SHOWN_CHARACTERS = 200

/** A server's text as a report may show it: one line, short, and without the images and other data that we sent. */
export function redact(text: string): string {
  const safe = text
    .replace(/[A-Za-z0-9+/=\\]{40,}/g, (run) => `<${run.length} characters>`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a server's text must not steer the reader's terminal
    .replace(/[\u0000-\u001f\u007f-\u009f\s]+/g, ' ')
    .trim()
  return safe.length > SHOWN_CHARACTERS ? `${safe.slice(0, SHOWN_CHARACTERS)}...` : safe
}

export function shown(answer: Answer): string {
  return `${answer.status} ${answer.contentType || 'without content type'}: ${redact(answer.text) || 'an empty body'}`
}

/** @throws Unmet unless the expectation holds; `found` is cut and freed of data like a server's text */
export function expect(holds: boolean, found: string): asserts holds {
  if (!holds) throw new Unmet(redact(found))
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The JSON object of an answer with status 200. */
export function expectOk(answer: Answer): JsonObject {
  const { status, contentType, json } = answer
  if (status !== 200 || contentType !== 'application/json' || !isObject(json)) throw new Unmet(shown(answer))
  return json
}

/** That an answer has one of the statuses and the protocol's error body. */
export function expectError(answer: Answer, ...statuses: number[]): void {
  const { status, contentType, json } = answer
  const text = isObject(json) ? json.error : undefined
  if (
    !statuses.includes(status) ||
    contentType !== 'application/json' ||
    typeof text !== 'string' ||
    text.trim() === ''
  )
    throw new Unmet(shown(answer))
}

/** Any value as a short text for `expect`. */
export function asText(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}
