import type { TensorInfo } from '@repo/classifier'
import { z } from 'zod'
import { datatype } from '../open-inference/metadata.js'
import { checkCount, imagesFromList, parseJson } from './content.js'
import { RequestError } from './request-error.js'

/** The body of POST /v2/models/{model}/infer. Members that are not listed here are ignored, as the protocol wants. */
export const inferRequestSchema = z.object({
  id: z.string().optional(),
  parameters: z.record(z.string(), z.unknown()).optional(),
  inputs: z
    .array(
      z.object({
        name: z.string(),
        shape: z.array(z.int().min(1)).min(1),
        datatype: z.string(),
        parameters: z.record(z.string(), z.unknown()).optional(),
        // Not validated value by value here: there may be a million of them.
        data: z
          .custom<unknown[]>(Array.isArray, 'must be a list, flat or nested, in row-major order')
          .meta({ type: 'array', description: 'Flat or nested, in row-major order.' }),
      }),
    )
    .length(1),
  outputs: z.array(z.object({ name: z.string() })).optional(),
})

/** What is to be run: a prepared tensor for `batch` images, or images. */
export type InferInput =
  | { kind: 'tensor'; data: Float32Array | Uint8Array; batch: number }
  | { kind: 'images'; images: Uint8Array[] }

export interface InferRequest {
  /** Undefined when the client gave none; the answer has none then. */
  id: string | undefined
  input: InferInput
}

/**
 * Reads an inference request for a model with this input and output.
 * @throws RequestError `malformed-json`, `invalid-input`, `not-base64` or `too-many-images`
 */
export function readInferRequest(
  body: Uint8Array,
  tensors: { input: TensorInfo; output: TensorInfo },
  maxImages: number,
): InferRequest {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  const parsed = inferRequestSchema.safeParse(parseJson(bytes, 'the body'))
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw invalid(`${issue?.path.join('.') || 'the body'}: ${issue?.message}`)
  }
  const { id, inputs, outputs = [] } = parsed.data
  const [input] = inputs as [(typeof inputs)[number]]
  if (input.name !== tensors.input.name) {
    throw invalid(`the model has no input "${input.name}"; its input is "${tensors.input.name}"`)
  }
  const unknown = outputs.find(({ name }) => name !== tensors.output.name)
  if (unknown)
    throw invalid(`the model has no output "${unknown.name}"; its output is "${tensors.output.name}"`)
  checkCount(input.shape[0] as number, maxImages)
  return {
    id,
    input: input.datatype === 'BYTES' ? readImages(input, maxImages) : readTensor(input, tensors.input),
  }
}

interface InputTensor {
  shape: number[]
  datatype: string
  data: unknown[]
}

function readImages({ shape, data }: InputTensor, maxImages: number): InferInput {
  if (shape.length !== 1 || shape[0] !== data.length) {
    throw invalid(
      `BYTES wants the shape [n] and n base64 images; got [${shape.join(', ')}] and ${data.length} elements`,
    )
  }
  return { kind: 'images', images: imagesFromList(data, maxImages) }
}

function readTensor({ shape, datatype: given, data }: InputTensor, model: TensorInfo): InferInput {
  const wanted = datatype(model.dtype)
  if (given !== wanted)
    throw invalid(`the input's datatype is ${wanted} (or BYTES, for images); got ${given}`)
  const fits =
    shape.length === model.shape.length &&
    model.shape.every((size, axis) => typeof size === 'string' || size === shape[axis])
  if (!fits)
    throw invalid(
      `the input's shape is [${model.shape.map((size) => (typeof size === 'string' ? -1 : size)).join(', ')}]; got [${shape.join(', ')}]`,
    )
  const length = shape.reduce((product, size) => product * size, 1)
  // A shape is quickly written, and its values would have to fit into a body: no memory is taken for more.
  const flat = Array.isArray(data[0]) ? flatten(data, shape) : data
  if (flat.length !== length)
    throw invalid(`the shape [${shape.join(', ')}] wants ${length} values; data holds ${flat.length}`)
  const whole = wanted === 'UINT8'
  const bad = flat.findIndex(
    (value) =>
      typeof value !== 'number' || (whole && !(Number.isInteger(value) && value >= 0 && value <= 255)),
  )
  if (bad !== -1)
    throw invalid(`data: value ${bad} is not ${whole ? 'a whole number from 0 to 255' : 'a number'}`)
  const values = flat as number[]
  return {
    kind: 'tensor',
    data: whole ? Uint8Array.from(values) : Float32Array.from(values),
    batch: shape[0] as number,
  }
}

/** Nested lists must have exactly the shape's form. */
function flatten(data: unknown[], shape: number[]): unknown[] {
  let level: unknown[] = [data]
  for (const size of shape) {
    if (!level.every((list) => Array.isArray(list) && list.length === size)) {
      throw invalid(`data is nested, but not in the form of its shape [${shape.join(', ')}]`)
    }
    level = (level as unknown[][]).flat()
  }
  return level
}

function invalid(message: string): RequestError {
  return new RequestError('invalid-input', message)
}
