import type { Call, Reply } from '../server.js'
import {
  accepts,
  type Body,
  type Correct,
  errors,
  fault,
  INFER,
  infer400,
  VERSIONED,
  withText,
} from './kit.js'

export const paths = [
  ...[
    ['metadata', /[^/]$/],
    ['ready', /\/ready$/],
    ['infer', INFER],
  ].flatMap(([of, end]) => {
    const only = (path: string) =>
      new RegExp(end as RegExp).test(path) && (of !== 'metadata' || !/(ready|infer)$/.test(path))
    const served =
      (refusal: string, versioned: boolean) =>
      (correct: Correct) =>
      (call: Call): Reply => {
        const reply = correct(call)
        const hit =
          (reply.body as Body).error === refusal && only(call.path) && VERSIONED.test(call.path) === versioned
        return hit ? { status: 200, body: {} } : reply
      }
    return [
      fault(
        `${of} of any model is served`,
        withText(`${of} of an unknown model`),
        served('unknown model', false),
      ),
      fault(
        `${of} of any model with a version is served`,
        withText(`${of} of an unknown model with a version`),
        served('unknown model', true),
      ),
      fault(
        `${of} of any version is served`,
        withText(`${of} of an unknown version`),
        served('unknown version', true),
      ),
    ]
  }),
  fault(
    'an unknown model is a bad request',
    withText('metadata of an unknown model'),
    (correct) => (call) => {
      const reply = correct(call)
      return (reply.body as Body).error === 'unknown model' ? { ...reply, status: 400 } : reply
    },
  ),
  fault('unknown paths have a page', withText('an unknown path below /v2'), (correct) => (call) => {
    const reply = correct(call)
    const unknown = (reply.body as Body).error === 'no such path'
    return unknown ? { status: 404, contentType: 'text/html', body: '<h1>Not found</h1>' } : reply
  }),
  fault('GET infers', 'GET on infer is refused with an error text', accepts(/wrong method/, INFER)),
  fault(
    'any method reads metadata',
    'POST on model metadata is refused with an error text',
    (correct) => (call) => correct(INFER.test(call.path) ? call : { ...call, method: 'GET' }),
  ),
  fault(
    'any content type is taken',
    'another content type answers 415 with an error text',
    (correct) => (call) => correct({ ...call, contentType: 'application/json' }),
  ),
  fault(
    'a large body is taken',
    'a body above the limit answers 413 with an error text',
    accepts(/too large/),
  ),
]

export const errorBodies = [
  fault(
    'errors are "detail"',
    infer400('malformed JSON'),
    errors((detail) => ({ body: { detail } })),
  ),
  fault(
    'errors are plain text',
    infer400('malformed JSON'),
    errors((text) => ({ body: text, contentType: 'text/plain' })),
  ),
  fault(
    'errors are JSON but called text',
    infer400('malformed JSON'),
    errors(() => ({ contentType: 'text/plain' })),
  ),
  fault(
    'errors are problem documents',
    infer400('malformed JSON'),
    errors((detail) => ({ body: { status: 400, detail }, contentType: 'application/problem+json' })),
  ),
  fault(
    'error texts are empty',
    infer400('malformed JSON'),
    errors(() => ({ body: { error: '' } })),
  ),
  fault(
    'errors are objects',
    infer400('malformed JSON'),
    errors((message) => ({ body: { error: { message } } })),
  ),
  fault(
    'bad requests are 422',
    infer400('a request without inputs'),
    errors((_, { status }) => ({ status: status === 400 ? 422 : status })),
  ),
  fault(
    'malformed JSON is a fault of the server',
    infer400('malformed JSON'),
    errors((text) => (text === 'malformed JSON' ? { status: 500 } : {})),
  ),
]
