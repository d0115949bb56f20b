import type { Check } from '../check.js'
import type { Context } from '../context.js'
import { NotApplicable } from '../errors.js'
import { expectError } from '../expect.js'

const UNKNOWN = 'oip-conformance-unknown'

/** A small request that is well formed but fits no model; enough where its content is not looked at. */
const small = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1], data: [0] }] }

const unknown: { what: string; place: { model?: string; version?: string } }[] = [
  { what: 'unknown model', place: { model: UNKNOWN } },
  { what: 'unknown model with a version', place: { model: UNKNOWN, version: '1' } },
  { what: 'unknown version', place: { version: UNKNOWN } },
]

const endpoints: { of: string; ask(context: Context, path: string): Promise<void> }[] = [
  { of: 'metadata', ask: async ({ send }, path) => expectError(await send(path), 404) },
  { of: 'ready', ask: async ({ send }, path) => expectError(await send(`${path}/ready`), 404) },
  {
    of: 'infer',
    ask: async ({ send }, path) => expectError(await send(`${path}/infer`, { body: small }), 404),
  },
]

/** Everything that is refused for its path, method, content type or size. */
export const pathChecks: Check[] = [
  ...unknown.flatMap(({ what, place }) =>
    endpoints.map(({ of, ask }): Check => {
      const name = `${of} of an ${what} answers 404 with an error text`
      const why =
        'The specification says "typically 400"; 404 is what model servers answer and what clients and proxies understand.'
      return {
        name,
        expected: '404 {"error": text}',
        why,
        run: (context) => ask(context, context.path(place)),
      }
    }),
  ),
  {
    name: 'an unknown path below /v2 answers 404 with an error text',
    expected: 'GET /v2/oip-conformance-unknown: 404 {"error": text}',
    async run({ send }) {
      expectError(await send(`/v2/${UNKNOWN}`), 404)
    },
  },
  {
    name: 'GET on infer is refused with an error text',
    expected: '405 or 404 {"error": text}',
    async run({ send, path }) {
      expectError(await send(`${path()}/infer`), 404, 405)
    },
  },
  {
    name: 'POST on model metadata is refused with an error text',
    expected: '405 or 404 {"error": text}',
    async run({ send, path }) {
      expectError(await send(path(), { body: small }), 404, 405)
    },
  },
  {
    name: 'another content type answers 415 with an error text',
    expected: 'POST infer as text/plain: 415 {"error": text}',
    async run({ send, path }) {
      expectError(await send(`${path()}/infer`, { body: small, contentType: 'text/plain' }), 415)
    },
  },
  {
    name: 'a body above the limit answers 413 with an error text',
    expected: 'one byte more than --max-body: 413 {"error": text}',
    async run({ send, path, maxBodyBytes }) {
      if (maxBodyBytes === undefined) throw new NotApplicable('the limit is not known: give --max-body')
      const body = JSON.stringify(small).padEnd(maxBodyBytes + 1)
      expectError(await send(`${path()}/infer`, { body }), 413)
    },
  },
]
