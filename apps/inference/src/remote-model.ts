import { setTimeout as sleep } from 'node:timers/promises'
import { ClassifierError, softmax, type TensorInfo, topK } from '@repo/classifier'
import { type Bundle, type Manifest, readBundle } from '@repo/model-bundle'
import type { Logger } from 'pino'
import { type EndpointCall, EndpointError, type EndpointMetadata, ModelEndpoint } from './model-endpoint.js'
import {
  type Caller,
  identityOf,
  type ModelIdentity,
  type ModelService,
  type ModelState,
  notReady,
} from './model-service.js'
import type { RequestDetail, RequestKind } from './worker/handlers.js'
import { RequestError } from './worker/request-error.js'
import { scoreHandlers } from './worker/score.js'

export interface RemoteModelOptions {
  /** Base URL of a server that speaks the Open Inference Protocol, such as another release of this app. */
  endpoint: string
  /** Sent as a bearer token. */
  apiKey?: string
  /** A bundle whose labels are those of the endpoint's model. Its ONNX file is not read. */
  modelFolder: string
  /** Requests that may be under way at once. */
  limit: number
  /** How long the endpoint may take for one image, in milliseconds. */
  timeoutMs: number
}

const POLL_MS = 500

/**
 * The model as an endpoint of its own: images go there, the model's output comes back, labels are added here. The main
 * thread reads the requests, since nothing that takes long is left to do.
 */
export class RemoteModel implements ModelService {
  readonly #endpoint: ModelEndpoint
  #bundle: Bundle | undefined
  #identity: ModelIdentity | undefined
  #metadata: EndpointMetadata | undefined
  #state: ModelState = 'loading'
  #running = 0
  readonly onnxRuntimeVersion = undefined

  constructor(
    private readonly options: RemoteModelOptions,
    private readonly logger: Logger,
  ) {
    this.#endpoint = new ModelEndpoint(options)
  }

  get state(): ModelState {
    return this.#state
  }

  get endpoint(): string {
    return this.options.endpoint
  }

  get bundle(): Bundle | undefined {
    return this.#metadata && this.#bundle
  }

  get identity(): ModelIdentity | undefined {
    return this.#metadata && this.#identity
  }

  get load(): { queued: number; running: number } {
    return { queued: 0, running: this.#running }
  }

  get model() {
    if (!this.#bundle || !this.#metadata) throw this.notReady()
    const { input, output } = this.#metadata
    return { manifest: this.#bundle.manifest, tensors: { input, output } }
  }

  observe(): void {}

  async start(): Promise<void> {
    try {
      const bundle = await readBundle(this.options.modelFolder)
      const metadata = await this.#untilReady(bundle.manifest)
      if (!metadata) return
      checkWidth(metadata.output, bundle)
      const { version } = metadata
      const isSame = version === bundle.manifest.version
      if (!isSame) {
        this.logger.warn(
          { endpoint: version, labels: bundle.manifest.version },
          'the endpoint serves another version than the one whose labels are used here',
        )
      }
      this.#bundle = { ...bundle, manifest: { ...bundle.manifest, version } }
      const { name, sha256 } = identityOf(bundle.manifest)
      // Of another version nobody here knows the hash.
      this.#identity = { name, version, sha256: isSame ? sha256 : 'unknown' }
      this.#metadata = metadata
      if (this.#state === 'loading') this.#state = 'ready'
    } catch (error) {
      this.#state = 'failed'
      throw error
    }
  }

  /** @returns undefined when a stop was asked for meanwhile */
  async #untilReady({ name, output }: Manifest): Promise<EndpointMetadata | undefined> {
    for (let tries = 0; this.#state === 'loading'; tries++) {
      try {
        return await this.#endpoint.metadata(name, output.name)
      } catch (error) {
        if (!(error instanceof ClassifierError) || error.code === 'model-mismatch') throw error
        if (tries % 20 === 0) this.logger.info(`waiting for the model's endpoint: ${error.message}`)
      }
      await sleep(POLL_MS)
    }
    return undefined
  }

  assertUsable(): void {
    if (!this.#metadata || this.#state === 'failed') throw this.notReady()
    if (this.#running < this.options.limit) return
    throw new ClassifierError('queue-full', `${this.#running} requests are under way already`, {
      retryAfterSeconds: 1,
    })
  }

  async submit(
    kind: RequestKind,
    body: ArrayBuffer[],
    detail: RequestDetail,
    caller: Caller,
  ): Promise<string> {
    this.assertUsable()
    if (kind === 'preview')
      throw new RequestError('no-preview', 'only the endpoint knows what its model sees')
    const { manifest } = this.model
    this.#running++
    try {
      const bytes = Buffer.concat(body.map((part) => new Uint8Array(part)))
      const call = { signal: caller.left(), headers: caller.onward(), jsonLength: detail.jsonLength }
      if (kind === 'infer') return await this.#endpoint.infer(manifest.name, bytes, call)
      const classify = (image: Uint8Array, top: number) =>
        this.#classify(image, top, { ...call, jsonLength: undefined })
      return await scoreHandlers({ classify })[kind](bytes, detail, [])
    } finally {
      this.#running--
    }
  }

  async #classify(image: Uint8Array, top: number, call: EndpointCall) {
    const { manifest, tensors } = this.model
    const output = await this.#endpoint.inferImage(manifest.name, tensors, image, call)
    const labels = this.#bundle?.labels ?? []
    // A free width shows only now.
    if (output.length !== labels.length) {
      const message = `the model's endpoint answered with ${output.length} values for ${labels.length} labels`
      throw new EndpointError('endpoint-failed', message)
    }
    return topK(manifest.output.kind === 'logits' ? softmax(output) : output, labels, top)
  }

  notReady(): ClassifierError {
    return notReady(this.#state)
  }

  drain(): void {
    this.#state = 'draining'
  }

  async stop(): Promise<boolean> {
    this.drain()
    return true
  }
}

/** Labels are added by their index, so at least their number has to fit. @throws ClassifierError `model-mismatch` */
function checkWidth({ shape }: TensorInfo, { labels }: Bundle): void {
  const sizes = shape.slice(1)
  // What is free shows in an answer only.
  if (!sizes.every((size) => typeof size === 'number')) return
  const width = sizes.reduce((product, size) => product * size, 1)
  if (width === labels.length) return
  throw new ClassifierError(
    'model-mismatch',
    `the endpoint's model answers with ${width} values, but the bundle here has ${labels.length} labels; give MODEL_DIR a bundle of the same model`,
  )
}
