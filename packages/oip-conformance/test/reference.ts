import { inflateSync } from 'node:zlib'
import type { Call, Handler, Reply } from './server.js'

/**
 * A small and correct server of one model: it splits a sample into thirds, which are the channels of [3, 8, 8], and
 * answers their means and their maxima. Images are PNGs as the suite makes them.
 */
export const MODEL = 'colours'
export const VERSION = '1.2.0'
export const MAX_BODY_BYTES = 100_000

export interface ReferenceModel {
  datatype?: string
  shape?: number[]
  /** The only size that free dimensions other than the first may have. */
  onlySize?: number
}

class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

type Json = Record<string, unknown>
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Refuses what is not so, with 400. */
function must(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Refusal(400, message)
}

export function reference({
  datatype = 'FP32',
  shape = [-1, 3, 8, 8],
  onlySize,
}: ReferenceModel = {}): (call: Call) => Reply {
  const batch = shape[0] ?? 1
  const outputs = ['means', 'maxima'].map((name) => ({ name, datatype: 'FP32', shape: [batch, 3] }))
  const metadata = {
    name: MODEL,
    versions: [VERSION],
    platform: 'onnx_onnxv1',
    inputs: [{ name: 'image', datatype, shape }],
    outputs,
  }

  function route({ method, path, contentType, body }: Call): unknown {
    if (method === 'GET') {
      if (path === '/v2' || path === '/v2/')
        return { name: 'reference', version: '1', extensions: ['base64_images'] }
      if (path === '/v2/health/live') return { live: true }
      if (path === '/v2/health/ready') return { live: true, ready: true }
      if (path === '/version') return { app: {}, model: { name: MODEL } }
    }
    const [, model, , version, , action] =
      /^\/v2\/models\/([^/]+)(\/versions\/([^/]+))?(\/(ready|infer))?$/.exec(path) ?? []
    if (model === undefined) throw new Refusal(404, 'no such path')
    if (model !== MODEL) throw new Refusal(404, 'unknown model')
    if (version !== undefined && version !== VERSION) throw new Refusal(404, 'unknown version')
    if (method !== (action === 'infer' ? 'POST' : 'GET')) throw new Refusal(405, 'wrong method')
    if (action === 'ready') return { name: MODEL, ready: true }
    if (action === undefined) return metadata
    if (!/^application\/json\s*(;|$)/.test(contentType)) throw new Refusal(415, 'send application/json')
    if (body.length > MAX_BODY_BYTES) throw new Refusal(413, 'the body is too large')
    return infer(parse(body))
  }

  function infer(request: Json): unknown {
    must(Array.isArray(request.inputs), 'inputs are no list')
    must(request.inputs.length === 1, 'one input is needed')
    const samples = samplesOf(request.inputs[0])
    const wanted = request.outputs ?? outputs
    must(Array.isArray(wanted), 'outputs are no list')
    const names = wanted.map((output) => (isObject(output) ? output.name : undefined))
    must(
      names.every((name) => name === 'means' || name === 'maxima'),
      'unknown output',
    )
    return {
      model_name: MODEL,
      model_version: VERSION,
      ...(typeof request.id === 'string' && { id: request.id }),
      outputs: names.map((name) => ({
        name,
        datatype: 'FP32',
        shape: [samples.length, 3],
        data: samples.flatMap((sample) => thirds(sample).map(name === 'means' ? mean : max)),
      })),
    }
  }

  /** The values of each sample of the input. */
  function samplesOf(input: unknown): number[][] {
    must(isObject(input) && typeof input.name === 'string', 'an input needs a name')
    must(input.name === 'image', 'unknown input')
    must(input.datatype !== undefined, 'an input needs a datatype')
    must(
      input.datatype === datatype || input.datatype === 'BYTES',
      `unfit datatype ${input.datatype === datatype.toLowerCase() ? 'in lower case' : ''}`,
    )
    must(Array.isArray(input.shape), 'an input needs a shape')
    must(
      input.shape.every((size) => typeof size === 'number'),
      'a shape of texts',
    )
    must(input.shape.every(Number.isInteger), 'a shape that is not whole')
    must(
      input.shape.every((size) => size > 0),
      'a negative shape',
    )
    must(input.data !== undefined, 'an input needs data')
    must(Array.isArray(input.data), 'data are no list')
    const given: number[] = input.shape
    if (input.datatype === 'BYTES') {
      must(given.length === 1 && given[0] === input.data.length, 'images do not fit the shape')
      return input.data.map(decodePng)
    }
    must(given.length === shape.length, 'another rank')
    const count = given.reduce((product, size) => product * size, 1)
    must(count < 1e6, 'a shape beyond all memory')
    must(
      given.every((size, index) => [size, -1].includes(shape[index] ?? 0)),
      'another shape',
    )
    must(
      onlySize === undefined ||
        given.every((size, index) => index < 1 || shape[index] !== -1 || size === onlySize),
      'the graph takes no other size',
    )
    if (Array.isArray(input.data[0])) must(isNested(input.data, given), 'ragged data')
    const flat: unknown[] = input.data.flat(Number.POSITIVE_INFINITY)
    must(flat.length >= count, 'fewer data than the shape')
    must(flat.length <= count, 'more data than the shape')
    must(!flat.includes(null), 'data hold a null')
    must(flat.every(isNumber), 'data hold a text')
    const size = count / (given[0] ?? 1)
    return Array.from({ length: given[0] ?? 1 }, (_, row) => flat.slice(row * size, (row + 1) * size))
  }

  return (call) => {
    try {
      return { status: 200, body: route(call) }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { status: error.status, body: { error: error.message } }
    }
  }
}

const isNumber = (value: unknown): value is number => typeof value === 'number'
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const max = (values: number[]) => Math.max(...values)

function thirds(sample: number[]): number[][] {
  const size = sample.length / 3
  return [0, 1, 2].map((part) => sample.slice(part * size, (part + 1) * size))
}

function isNested(data: unknown, [size, ...rest]: number[]): boolean {
  if (size === undefined) return !Array.isArray(data)
  return Array.isArray(data) && data.length === size && data.every((item) => isNested(item, rest))
}

function parse(body: string): Json {
  must(body !== '', 'an empty body')
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    throw new Refusal(400, 'malformed JSON')
  }
  must(isObject(value), 'the body is no object')
  must('inputs' in value, 'a request needs inputs')
  return value
}

/** Every second pixel of the suite's 16x16 PNGs, as [3, 8, 8] in 0..1. */
function decodePng(text: unknown): number[] {
  must(typeof text === 'string', 'images are no texts')
  must(text !== '', 'an empty image')
  must(/^[A-Za-z0-9+/]+=*$/.test(text), 'not base64')
  const png = Buffer.from(text, 'base64')
  must(png.toString('latin1', 1, 4) === 'PNG', 'not an image')
  const rows = inflateSync(png.subarray(png.indexOf('IDAT') + 4))
  const at = (channel: number, y: number, x: number) =>
    (rows[2 * y * 49 + 1 + 2 * x * 3 + channel] ?? 0) / 255
  const eight = [...Array(8).keys()]
  return [0, 1, 2].flatMap((channel) => eight.flatMap((y) => eight.map((x) => at(channel, y, x))))
}

/** What the correct server answers to a good request, whatever was asked. */
export const goodReply = (handler: Handler): Reply | undefined =>
  handler({
    method: 'POST',
    path: `/v2/models/${MODEL}/infer`,
    contentType: 'application/json',
    body: JSON.stringify({
      inputs: [{ name: 'image', datatype: 'FP32', shape: [1, 3, 8, 8], data: Array(192).fill(0.5) }],
    }),
  })
