import type { Context, Model } from './context.js'
import { NotApplicable, Unmet } from './errors.js'
import { expect, expectOk, isObject, type JsonObject, shown } from './expect.js'
import { close, nest, product, sampleShape, sampleValues, type Tensor } from './tensors.js'

export interface InferRequest {
  id?: unknown
  parameters?: unknown
  inputs: (Tensor & { data: unknown; parameters?: unknown })[]
  outputs?: unknown
}

export interface Output extends Tensor {
  data: unknown[]
}

export interface Inferred {
  body: JsonObject
  outputs: Output[]
}

/** One sample for each seed, as flat data. More than one only where the first dimension is free. */
export function tensorRequest(model: Model, seeds = [1]): InferRequest {
  const inputs = model.inputs.map(({ name, datatype, shape }) => {
    if (datatype === 'BYTES')
      throw new NotApplicable(`the model's input ${name} is BYTES: there are no numbers to send`)
    const sample = sampleShape(shape, model.freeSize)
    const data = seeds.flatMap((seed) => sampleValues(datatype, product(sample), seed))
    return { name, datatype, shape: seeds.length === 1 ? sample : [seeds.length, ...sample.slice(1)], data }
  })
  return { inputs }
}

export function nested(request: InferRequest): InferRequest {
  const inputs = request.inputs.map((input) => ({
    ...input,
    data: nest(input.data as unknown[], input.shape),
  }))
  return { ...request, inputs }
}

/** Images as base64 texts under the name of the model's one input. One image fills a fixed first dimension. */
export function imageRequest(model: Model, images: Uint8Array[]): InferRequest {
  const [{ name, shape }, ...others] = model.inputs
  const [batch = 1] = sampleShape(shape, model.freeSize)
  if (others.length > 0 || shape.length < 3) throw new NotApplicable('the model takes no single image')
  const texts = images.map((image) => Buffer.from(image).toString('base64'))
  const data = texts.length === 1 ? Array.from({ length: batch }, () => texts[0]) : texts
  return { inputs: [{ name, datatype: 'BYTES', shape: [data.length], data }] }
}

/** @throws NotApplicable unless every input and output takes batches of any size */
export function needFreeBatch({ inputs, outputs }: Model): void {
  if (![...inputs, ...outputs].every(({ shape }) => shape[0] === -1))
    throw new NotApplicable('the first dimension is not free (-1)')
}

/** Sends a request that has to succeed, by default to the path without a version. */
export async function infer(
  context: Context,
  request: InferRequest,
  path = context.path(),
): Promise<Inferred> {
  const answer = await context.send(`${path}/infer`, { body: request })
  const body = expectOk(answer)
  const outputs = Array.isArray(body.outputs) ? body.outputs : []
  if (outputs.length === 0 || !outputs.every(isOutput)) throw new Unmet(shown(answer))
  return { body, outputs }
}

function isOutput(value: unknown): value is Output {
  return (
    isObject(value) &&
    typeof value.name === 'string' &&
    typeof value.datatype === 'string' &&
    Array.isArray(value.shape) &&
    Array.isArray(value.data)
  )
}

/** That two answers hold the same outputs with the same values. */
export function expectSame(first: Output[], second: Output[], hint: string): void {
  expect(
    first.length === second.length &&
      first.every(({ name, data }) => {
        const other = second.find((output) => output.name === name)
        return other !== undefined && close(data, other.data)
      }),
    `${hint}: ${summary(first)} and ${summary(second)}`,
  )
}

/** Names and first values: enough to see what differs. */
export function summary(outputs: Output[]): string {
  return outputs
    .map(
      ({ name, data }) =>
        `${name} ${JSON.stringify(data.slice(0, 4)).replace(']', data.length > 4 ? ', ...]' : ']')}`,
    )
    .join(', ')
}
