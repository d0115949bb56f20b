import { STATUS_CODES } from 'node:http'
import type { SchemaName } from './schemas.js'

/** One route, as the document tells it. */
export interface Operation {
  method: 'get' | 'post'
  path: string
  id: string
  tag: 'score' | 'operations' | 'open inference protocol'
  summary: string
  description?: string
  /** Answered without an API key, always. */
  open?: boolean
  /** Names of the parameters in the path, and values that work, as far as there are any. */
  parameters?: Record<string, string | undefined>
  /** By content type. */
  request?: Record<string, Body>
  responses: Record<number, Answer>
}

export interface Body {
  /** Left out: bytes. */
  schema?: SchemaName | object
  examples?: Record<string, unknown>
}

export interface Answer {
  description: string
  /** By content type. */
  content: Record<string, Body>
  retryAfter?: boolean
}

export function json(description: string, schema: SchemaName, example?: unknown): Answer {
  const body = { schema, ...(example === undefined ? {} : { examples: { example } }) }
  return { description, content: { 'application/json': body } }
}

/** An answer that is no JSON. */
export function other(description: string, type: string, example?: string): Answer {
  const examples = example === undefined ? {} : { examples: { example } }
  return { description, content: { [type]: { schema: { type: 'string' }, ...examples } } }
}

/** For each status what it means, and one case of it. */
const ERRORS: Record<number, { description: string; code: string; detail: string }> = {
  400: {
    description: 'The request is malformed; the answer says where.',
    code: 'malformed-json',
    detail: 'the body is not valid JSON',
  },
  401: {
    description: 'No API key came, or an unknown one.',
    code: 'unauthorized',
    detail: 'send an API key: Authorization: Bearer <key>, or x-api-key',
  },
  404: {
    description: 'There is no such thing.',
    code: 'not-found',
    detail: 'there is no model "cats"; this server has "dogs"',
  },
  413: {
    description: 'The body, an image or the number of images is too large.',
    code: 'too-many-images',
    detail: '40 images were sent; at most 32 are taken in one request',
  },
  415: {
    description: 'The content type is not one of those that are taken.',
    code: 'unsupported-media-type',
    detail:
      'infer takes application/json, or application/octet-stream with Inference-Header-Content-Length; got text/plain',
  },
  500: {
    description: 'A fault on our side, or an answer of the model that is no number.',
    code: 'output-not-finite',
    detail: 'image 0: the model answered with NaN as value 3 of its output',
  },
  502: {
    description:
      "Only where the model is an endpoint of its own (MODEL_ENDPOINT): it failed, or isn't there.",
    code: 'endpoint-failed',
    detail: "the model's endpoint answered 500",
  },
  503: {
    description: 'The model is not ready, or too many requests wait. Retry-After says when to try again.',
    code: 'queue-full',
    detail: '128 requests are waiting already',
  },
  504: {
    description: 'Only where the model is an endpoint of its own: it took too long.',
    code: 'endpoint-timeout',
    detail: "the model's endpoint did not answer within 60000 ms",
  },
}

/** The errors of a route. */
export function errors(kind: 'problem' | 'protocol', ...statuses: number[]): Record<number, Answer> {
  return Object.fromEntries(statuses.map((status) => [status, error(kind, status)]))
}

function error(kind: 'problem' | 'protocol', status: number): Answer {
  const { description, code, detail } = ERRORS[status] as (typeof ERRORS)[number]
  const retryAfter = status === 503
  if (kind === 'protocol') {
    return { ...json(description, 'ProtocolError', { error: detail }), retryAfter }
  }
  const example = {
    type: 'about:blank',
    title: STATUS_CODES[status],
    status,
    code,
    detail,
    requestId: 'a1b2c3',
  }
  const body = { schema: 'Problem' as const, examples: { example } }
  return { description, content: { 'application/problem+json': body }, retryAfter }
}
