import { manifestSchema } from '@repo/model-bundle'
import { z } from 'zod'
import { inferRequestSchema } from '../worker/infer-schema.js'
import { scoreRequestSchema } from '../worker/score-request.js'

const label = z.tuple([z.string(), z.number().min(0).max(100)]).meta({
  description: '`[label, percent]`',
})
const ranking = z
  .array(label)
  .meta({ description: 'The three most probable labels of one image, best first.' })
const scoreAnswer = z.object({
  result: z.tuple([z.array(ranking), z.string().regex(/^Computed in \d+(\.\d+)? ms$/)]),
})

const text = (description: string) => z.string().meta({ description })

const versionAnswer = z.object({
  app: z.object({
    version: z.string(),
    commit: z.string(),
    imageDigest: z.string().optional().meta({ description: "Of the container's image." }),
    pod: z.string().optional(),
  }),
  model: z
    .object({
      name: z.string(),
      version: z.string(),
      sha256: text('Of the ONNX file.'),
      manifestSha256: text('Of model.json, which holds the hashes of all files.'),
    })
    .nullable()
    .meta({ description: 'null while it loads' }),
  runtime: z.object({ onnxruntime: z.string().nullable(), node: z.string() }),
})

const { name, version, description, source, license, createdAt, metrics, input } = manifestSchema.shape
const modelCard = z.object({
  ...{ name, version, description, source, license, createdAt, metrics },
  sha256: text('Of the ONNX file.'),
  input: input.pick({ width: true, height: true, channels: true }),
  labels: z.array(z.string()).meta({ description: 'In class order: that of the confusion matrix.' }),
  samples: z
    .array(z.object({ label: z.string(), sha256: z.string() }))
    .meta({ description: 'Images that came with the model, with their true labels.' }),
})

const health = z.object({ status: z.enum(['ok', 'failed']) })
const readiness = z.object({ status: z.enum(['loading', 'ready', 'draining', 'failed']) })

const problem = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int().min(400).max(599),
    code: text('For programs: it stays the same when the words change.'),
    detail: text('For people.'),
    image: z.int().min(0).optional().meta({ description: 'Index, from 0, of the image that it is about.' }),
    requestId: text('The log has it too.'),
  })
  .meta({ description: 'An error, as RFC 9457 wants it.' })

const tensorMetadata = z.object({
  name: z.string(),
  datatype: z.string(),
  shape: z.array(z.int().min(-1)).meta({ description: '-1 is a dimension of any size.' }),
})

const inferAnswer = z.object({
  model_name: z.string(),
  model_version: z.string(),
  id: z.string().optional().meta({ description: "The request's own; left out when it had none." }),
  outputs: z
    .array(
      z.object({
        name: z.string(),
        datatype: z.string(),
        shape: z.array(z.int().min(1)),
        data: z.array(z.number()),
      }),
    )
    .length(1),
})

/**
 * Everything that goes over the wire, by its name in the document. Requests are the very schemas that validate; answers
 * are held against theirs by tests.
 */
export const schemas = {
  ScoreRequest: scoreRequestSchema,
  ScoreAnswer: scoreAnswer,
  Version: versionAnswer,
  ModelCard: modelCard,
  Health: health,
  Readiness: readiness,
  Problem: problem,
  ServerMetadata: z.object({ name: z.string(), version: z.string(), extensions: z.array(z.string()) }),
  Live: z.object({ live: z.boolean() }),
  Ready: z.object({ live: z.boolean(), ready: z.boolean() }),
  ModelMetadata: z.object({
    name: z.string(),
    versions: z.array(z.string()),
    platform: z.literal('onnx_onnxv1'),
    inputs: z.array(tensorMetadata),
    outputs: z.array(tensorMetadata),
  }),
  ModelReady: z.object({ name: z.string(), ready: z.boolean() }),
  InferRequest: inferRequestSchema,
  InferAnswer: inferAnswer,
  ProtocolError: z.object({ error: z.string() }).meta({ description: 'An error, as the protocol wants it.' }),
}

export type SchemaName = keyof typeof schemas

/** As JSON Schema, for `components.schemas`. */
export function componentSchemas(): Record<string, object> {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => {
      const { $schema: _, ...json } = z.toJSONSchema(schema, {
        io: 'input',
        unrepresentable: 'any',
        override: ({ jsonSchema }) => withoutSafeBounds(jsonSchema),
      })
      return [name, json]
    }),
  )
}

/** zod bounds whole numbers by what JavaScript can hold, which is nobody's business here. */
function withoutSafeBounds(json: { minimum?: number; maximum?: number }): void {
  if (json.minimum === Number.MIN_SAFE_INTEGER) delete json.minimum
  if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum
}
