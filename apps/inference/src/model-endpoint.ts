import { ClassifierError, type TensorInfo } from '@repo/classifier'
import { z } from 'zod'
import { JSON_LENGTH_HEADER, packAnswer } from './open-inference/binary-answer.js'

/** What the endpoint says of its model. */
export interface EndpointMetadata {
  version: string
  input: TensorInfo
  output: TensorInfo
}

const tensorSchema = z.object({ name: z.string(), datatype: z.string(), shape: z.array(z.number()) })
const metadataSchema = z.object({
  name: z.string(),
  versions: z.array(z.string()).min(1),
  inputs: z.array(tensorSchema).length(1),
  outputs: z.array(tensorSchema).min(1),
})
const answerSchema = z.object({
  outputs: z.array(z.object({ name: z.string(), data: z.array(z.number()) })),
})
const errorSchema = z.object({ error: z.string() })

/** What belongs to one request to the endpoint. */
export interface EndpointCall {
  signal: AbortSignal
  /** Of the request that it is made for: its id and its trace. */
  headers: Record<string, string>
  /** Where the JSON ends in a body that goes on in bytes. */
  jsonLength?: string | undefined
}

/** An error of the endpoint, in the codes of http/problem.ts. */
export class EndpointError extends Error {
  override readonly name = 'EndpointError'

  constructor(
    readonly code: 'endpoint-busy' | 'endpoint-failed' | 'endpoint-timeout',
    message: string,
    readonly retryAfterSeconds?: number,
  ) {
    super(message)
  }
}

/** ONNX Runtime's words for the protocol's types, as in open-inference/metadata.ts. */
const DTYPES: Record<string, string> = { FP32: 'float32', UINT8: 'uint8' }

/** A server of the Open Inference Protocol that runs a model for us: another release of this app, or any other. */
export class ModelEndpoint {
  readonly #base: string

  constructor(
    private readonly options: {
      /** Base URL, before `/v2`. */
      endpoint: string
      /** Sent as a bearer token. */
      apiKey?: string
      /** For one answer, in milliseconds. */
      timeoutMs: number
    },
  ) {
    this.#base = options.endpoint.replace(/\/+$/, '')
  }

  /**
   * What the endpoint says of a model that is ready.
   * @param output the name of the one output that is used
   * @throws ClassifierError `not-ready`, worth asking again; `model-mismatch` when that model or output isn't there
   */
  async metadata(name: string, output: string): Promise<EndpointMetadata> {
    const notReady = (why: string) => new ClassifierError('not-ready', `${this.#base}: ${why}`)
    const get = (path: string) =>
      this.#send(path).catch((error: EndpointError) => {
        throw notReady(error.message)
      })
    const path = `/v2/models/${encodeURIComponent(name)}`
    const ready = await get(`${path}/ready`)
    if (ready.status === 404) {
      throw new ClassifierError(
        'model-mismatch',
        `MODEL_ENDPOINT ${this.#base} has no model "${name}", whose labels MODEL_DIR holds`,
      )
    }
    if (!ready.ok) throw notReady(`not ready (${ready.status})`)
    const parsed = metadataSchema.safeParse(await (await get(path)).json().catch(() => undefined))
    if (!parsed.success) throw notReady(`${path} does not answer as the Open Inference Protocol says`)
    const { versions, inputs, outputs } = parsed.data
    const used = outputs.find((candidate) => candidate.name === output)
    if (!used) {
      const names = outputs.map((candidate) => `"${candidate.name}"`).join(', ')
      throw new ClassifierError(
        'model-mismatch',
        `the endpoint's model "${name}" has no output "${output}", as the bundle in MODEL_DIR names it; it has ${names}`,
      )
    }
    return { version: versions[0] as string, input: tensorInfo(inputs[0]), output: tensorInfo(used) }
  }

  /**
   * Passes an infer request on.
   * @returns the answer's text, as open-inference/binary-answer.ts has it
   * @throws EndpointError or ClassifierError
   */
  async infer(model: string, body: Uint8Array, call: EndpointCall): Promise<string> {
    const path = `/v2/models/${encodeURIComponent(model)}/infer`
    const response = await this.#send(path, body, call)
    const text = await answerText(response).catch((error) => {
      throw new EndpointError(
        'endpoint-failed',
        `the model's endpoint broke off its answer: ${error.message}`,
      )
    })
    if (response.ok) return text
    if (response.status === 400) throw new ClassifierError('image-undecodable', reason(text))
    if (response.status === 413) throw new ClassifierError('image-too-large', reason(text))
    throw new EndpointError('endpoint-failed', `the model's endpoint answered ${response.status}`)
  }

  /** @returns the model's output for one image. @throws as `infer` does */
  async inferImage(
    model: string,
    { input, output }: { input: TensorInfo; output: TensorInfo },
    image: Uint8Array,
    call: EndpointCall,
  ): Promise<Float32Array> {
    const data = [Buffer.from(image).toString('base64')]
    const body = JSON.stringify({
      inputs: [{ name: input.name, shape: [1], datatype: 'BYTES', data }],
      outputs: [{ name: output.name }],
    })
    const text = await this.infer(model, Buffer.from(body), call)
    const answer = answerSchema.safeParse(parse(text)).data?.outputs.find(({ name }) => name === output.name)
    if (!answer)
      throw new EndpointError('endpoint-failed', `the model's endpoint sent no output "${output.name}"`)
    return Float32Array.from(answer.data)
  }

  /** @throws EndpointError, or ClassifierError `cancelled` */
  async #send(path: string, body?: Uint8Array, call?: EndpointCall): Promise<Response> {
    const { signal, headers, jsonLength } = call ?? {}
    const timeout = AbortSignal.timeout(this.options.timeoutMs)
    try {
      const response = await fetch(this.#base + path, {
        headers: {
          ...headers,
          ...(body && { 'content-type': 'application/json' }),
          ...(jsonLength !== undefined && {
            'content-type': 'application/octet-stream',
            [JSON_LENGTH_HEADER]: jsonLength,
          }),
          ...(this.options.apiKey && { authorization: `Bearer ${this.options.apiKey}` }),
        },
        ...(body && { method: 'POST', body }),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      })
      if (response.status !== 503) return response
      await response.body?.cancel()
      const seconds = Number(response.headers.get('retry-after')) || 1
      throw new EndpointError('endpoint-busy', "the model's endpoint is busy or loading", seconds)
    } catch (error) {
      if (error instanceof EndpointError) throw error
      if (signal?.aborted) throw new ClassifierError('cancelled', 'the caller left')
      if (timeout.aborted) {
        const message = `the model's endpoint did not answer within ${this.options.timeoutMs} ms`
        throw new EndpointError('endpoint-timeout', message)
      }
      const { cause } = error as Error
      const why = cause instanceof Error ? cause.message : (error as Error).message
      throw new EndpointError('endpoint-failed', `the model's endpoint cannot be reached: ${why}`)
    }
  }
}

/** @throws what reading the body throws, or Error */
async function answerText(response: Response): Promise<string> {
  const given = response.headers.get(JSON_LENGTH_HEADER)
  if (given === null) return response.text()
  const bytes = Buffer.from(await response.arrayBuffer())
  const length = Number(given)
  if (!Number.isInteger(length) || length < 0 || length > bytes.length)
    throw new Error(`no ${JSON_LENGTH_HEADER}: ${given}`)
  return packAnswer(bytes.toString('utf8', 0, length), bytes.subarray(length))
}

function tensorInfo(tensor: z.infer<typeof tensorSchema> | undefined): TensorInfo {
  const { name = '', datatype = '', shape = [] } = tensor ?? {}
  return { name, dtype: DTYPES[datatype] ?? datatype, shape: shape.map((size) => (size === -1 ? 'N' : size)) }
}

/** The endpoint counts images from 0 in a request of one; the caller's own number is put before it again. */
function reason(text: string): string {
  const { error } = errorSchema.safeParse(parse(text)).data ?? {}
  return error?.replace(/^image 0: /, '') ?? "refused by the model's endpoint"
}

/** @returns undefined when it is not JSON */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
