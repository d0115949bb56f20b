import type { TensorInfo } from '@repo/classifier'
import { datatype } from '../open-inference/metadata.js'
import { checkCount, imagesFromList } from './content.js'
import type { RequestDetail } from './handlers.js'
import {
  binaryElements,
  binaryValues,
  hasBinaryData,
  imageOf,
  splitBody,
  wantsBinary,
} from './infer-binary.js'
import { type InputTensor, inferRequestSchema } from './infer-schema.js'
import { bytes, flatten, floats } from './infer-values.js'
import { parseJson } from './json.js'
import { RequestError } from './request-error.js'

/** What is to be run: a prepared tensor, or images. */
export type InferInput =
  | { kind: 'tensor'; data: Float32Array | Uint8Array; shape: number[] }
  | { kind: 'images'; images: Uint8Array[] }

export interface InferRequest {
  /** Undefined when the client gave none; the answer has none then. */
  id: string | undefined
  input: InferInput
  /** The output is wanted in bytes after the JSON. */
  binaryOutput: boolean
}

/**
 * Reads an inference request for a model with this input and output.
 * @throws RequestError `malformed-json`, `invalid-input`, `not-base64` or `too-many-images`
 */
export function readInferRequest(
  body: Uint8Array,
  tensors: { input: TensorInfo; output: TensorInfo },
  { maxImages, jsonLength }: Pick<RequestDetail, 'maxImages' | 'jsonLength'>,
): InferRequest {
  const { json, binary } = splitBody(Buffer.from(body.buffer, body.byteOffset, body.length), jsonLength)
  const parsed = inferRequestSchema.safeParse(
    parseJson(json, 'the body', mostValues(tensors.input, maxImages)),
  )
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw invalid(`${issue?.path.join('.') || 'the body'}: ${issue?.message}`)
  }
  const { id, inputs, outputs } = parsed.data
  const [input] = inputs as [InputTensor]
  if (input.name !== tensors.input.name) {
    throw invalid(`the model has no input "${input.name}"; its input is "${tensors.input.name}"`)
  }
  const unknown = outputs?.find(({ name }) => name !== tensors.output.name)
  if (unknown)
    throw invalid(`the model has no output "${unknown.name}"; its output is "${tensors.output.name}"`)
  checkCount(input.shape[0] as number, maxImages)
  const raw = hasBinaryData(input, binary) ? binary : undefined
  const read = input.datatype === 'BYTES' ? readImages : readTensor
  return {
    id: id ?? undefined,
    input: read(input, raw, { model: tensors.input, maxImages }),
    binaryOutput: wantsBinary(parsed.data),
  }
}

interface Limits {
  model: TensorInfo
  maxImages: number
}

/** @param raw the tensor's bytes, when they do not stand in the JSON */
function readImages(input: InputTensor, raw: Buffer | undefined, { maxImages }: Limits): InferInput {
  const { shape } = input
  const [count = 0] = shape
  const elements = raw ? binaryElements(raw, count) : listed(input)
  if (shape.length !== 1 || count !== elements.length) {
    throw invalid(
      `BYTES wants the shape [n] and n base64 images; got [${shape.join(', ')}] and ${elements.length} elements`,
    )
  }
  const images = raw ? (elements as Buffer[]).map(imageOf) : imagesFromList(elements, maxImages)
  return { kind: 'images', images }
}

function readTensor(input: InputTensor, raw: Buffer | undefined, { model }: Limits): InferInput {
  const { shape, datatype: given } = input
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
  const values = raw ? binaryValues(raw, wanted) : flatten(listed(input), shape)
  if (values.length !== length)
    throw invalid(`the shape [${shape.join(', ')}] wants ${length} values; data holds ${values.length}`)
  return { kind: 'tensor', data: wanted === 'UINT8' ? bytes(values) : floats(values), shape }
}

/** Four times those of the largest request that is taken, so that who sends too many images is told their number. */
function mostValues({ shape }: TensorInfo, maxImages: number): number {
  const [, ...sizes] = shape
  const values = sizes.reduce<number>(
    (product, size) => product * (typeof size === 'string' ? Infinity : size),
    1,
  )
  return 4 * values * maxImages + 10_000
}

/** The data in the JSON. */
function listed({ data }: InputTensor): unknown[] {
  if (data) return data
  throw invalid('inputs.0.data: must be a list, flat or nested, in row-major order')
}

function invalid(message: string): RequestError {
  return new RequestError('invalid-input', message)
}
