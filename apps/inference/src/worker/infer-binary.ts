/**
 * The extension `binary_tensor_data`, which Triton's clients use unless told otherwise: after the JSON object a body may
 * go on with tensors in bytes, little-endian and row-major; the header Inference-Header-Content-Length tells where.
 * @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
 */
import { imageFormat } from '@repo/classifier/engine'
import { JSON_LENGTH_HEADER } from '../open-inference/binary-answer.js'
import { decodeBase64, plainBase64 } from './content.js'
import type { InferBody, InputTensor } from './infer-schema.js'
import { RequestError } from './request-error.js'

/**
 * @param jsonLength the header, or undefined when there was none and all is JSON
 * @throws RequestError `invalid-input`
 */
export function splitBody(body: Buffer, jsonLength: string | undefined): { json: Buffer; binary: Buffer } {
  const length = jsonLength === undefined ? body.length : Number(jsonLength)
  if (!(Number.isInteger(length) && length >= 0 && length <= body.length)) {
    throw invalid(
      `${JSON_LENGTH_HEADER} must tell how many of the body's ${body.length} bytes are JSON; got ${jsonLength}`,
    )
  }
  return { json: body.subarray(0, length), binary: body.subarray(length) }
}

/** Whether the input's data come in bytes. @throws RequestError when what is said and what came do not fit */
export function hasBinaryData({ parameters, data }: InputTensor, binary: Buffer): boolean {
  const size = parameters?.binary_data_size ?? undefined
  if (size !== undefined && data) throw invalid('an input has either data or binary_data_size')
  if ((size ?? 0) !== binary.length) {
    throw invalid(`binary_data_size is ${size ?? 'not given'}; ${binary.length} bytes follow the JSON`)
  }
  return size !== undefined
}

/** The values of a tensor. @throws RequestError when the bytes are no whole number of them */
export function binaryValues(binary: Buffer, datatype: string): Float32Array | Uint8Array {
  const bytes = Uint8Array.from(binary)
  if (datatype === 'UINT8') return bytes
  if (bytes.length % 4 !== 0) throw invalid(`${bytes.length} bytes are no whole number of FP32 values`)
  // Every platform that ONNX Runtime is built for is little-endian itself.
  return new Float32Array(bytes.buffer)
}

/** The elements of a BYTES tensor, each after its length in four bytes. @throws RequestError when they do not add up */
export function binaryElements(binary: Buffer, count: number): Buffer[] {
  const elements: Buffer[] = []
  let at = 0
  while (at + 4 <= binary.length && elements.length < count) {
    const end = at + 4 + binary.readUInt32LE(at)
    elements.push(binary.subarray(at + 4, end))
    at = end
  }
  if (elements.length === count && at === binary.length) return elements
  throw invalid(`${binary.length} bytes are not ${count} BYTES elements, each after its length in four bytes`)
}

/** The image in an element: its file as it is, or the base64 text that JSON would have. */
export function imageOf(element: Buffer): Uint8Array {
  if (imageFormat(element)) return element
  return decodeBase64(plainBase64(element.toString('latin1'))) ?? element
}

/** Whether the model's one output is wanted in bytes. */
export function wantsBinary({ parameters, outputs }: InferBody): boolean {
  return outputs?.[0]?.parameters?.binary_data ?? parameters?.binary_data_output ?? false
}

function invalid(message: string): RequestError {
  return new RequestError('invalid-input', message)
}
