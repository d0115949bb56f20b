/** Tells where, in a body or an answer with tensors in bytes, the JSON ends. */
export const JSON_LENGTH_HEADER = 'Inference-Header-Content-Length'

/** No JSON begins with it. */
const MARK = '#'

/** An answer of the extension `binary_tensor_data`: the JSON, then the tensors' bytes. */
export interface BinaryAnswer {
  json: string
  bytes: Buffer
}

/** Such an answer as it crosses threads, where answers are texts: the bytes in base64 on a line before the JSON. */
export function packAnswer(json: string, bytes: ArrayBufferView): string {
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  return `${MARK}${base64}\n${json}`
}

/** @returns undefined when the answer is JSON alone */
export function unpackAnswer(answer: string): BinaryAnswer | undefined {
  if (!answer.startsWith(MARK)) return undefined
  const end = answer.indexOf('\n')
  return { json: answer.slice(end + 1), bytes: Buffer.from(answer.slice(MARK.length, end), 'base64') }
}
