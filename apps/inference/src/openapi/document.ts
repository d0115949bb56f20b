import { type Answer, type Body, errors, type Operation } from './operation.js'
import { operations } from './operations.js'
import type { ServedModel } from './protocol-operations.js'
import { componentSchemas } from './schemas.js'

export interface DocumentOptions {
  /** The app's. */
  version: string
  /** Undefined while it loads. */
  model: ServedModel | undefined
  /** Whether callers need an API key. */
  secured: boolean
}

const NO_MODEL: ServedModel = { name: 'model', version: '1.0.0', input: 'input', sample: '0'.repeat(64) }

/** @returns the API as OpenAPI 3.1 */
export function openApiDocument({ version, model = NO_MODEL, secured }: DocumentOptions) {
  const paths: Record<string, Record<string, object>> = {}
  for (const operation of operations(model)) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation, secured) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Inference',
      version,
      description:
        'Classifies images. Errors outside /v2 are RFC 9457 problems; x-request-id is in every answer.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    tags: [
      { name: 'score', description: 'Images in, labels out.' },
      { name: 'operations', description: 'For platforms and the people who run them.' },
      { name: 'open inference protocol', description: 'Version 2, as KServe, Triton and MLServer speak it.' },
    ],
    paths,
    components: {
      schemas: componentSchemas(),
      ...(secured && {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer' },
          apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
        },
      }),
    },
    ...(secured && { security: [{ bearer: [] }, { apiKey: [] }] }),
  }
}

function describe(operation: Operation, secured: boolean): object {
  const { id, tag, summary, description, open = false, parameters, request, responses } = operation
  const locked = secured && !open
  const all = locked
    ? { ...responses, ...errors(tag === 'open inference protocol' ? 'protocol' : 'problem', 401) }
    : responses
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description && { description }),
    ...(secured && open && { security: [] }),
    ...(parameters && {
      parameters: Object.entries(parameters).map(([name, example]) => ({
        name,
        in: 'path',
        required: true,
        schema: { type: 'string' },
        example,
      })),
    }),
    ...(request && { requestBody: { required: true, content: contents(request) } }),
    responses: Object.fromEntries(Object.entries(all).map(([status, answer]) => [status, response(answer)])),
  }
}

function response({ description, content, retryAfter }: Answer): object {
  const headers = { 'retry-after': { description: 'Seconds.', schema: { type: 'integer', minimum: 1 } } }
  return { description, ...(retryAfter && { headers }), content: contents(content) }
}

function contents(bodies: Record<string, Body>): object {
  return Object.fromEntries(
    Object.entries(bodies).map(([type, { schema = {}, examples }]) => [
      type,
      {
        schema: typeof schema === 'string' ? { $ref: `#/components/schemas/${schema}` } : schema,
        ...(examples && {
          examples: Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }])),
        }),
      },
    ]),
  )
}
