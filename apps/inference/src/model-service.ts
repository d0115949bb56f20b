import { ClassifierError, type PoolOptions, type TensorInfo, WorkerPool } from '@repo/classifier'
import { type Bundle, type Manifest, verifyBundle } from '@repo/model-bundle'
import type { Logger } from 'pino'
import type { Metrics } from './metrics.js'
import type { RequestTrace } from './request-trace.js'
import type { RequestDetail, RequestKind } from './worker/handlers.js'

/** `failed`: the model could not be loaded, or its workers died and could not be replaced. */
export type ModelState = 'loading' | 'ready' | 'draining' | 'failed'

/** The model behind the HTTP routes: loads it, knows whether it can answer, answers. */
export class ModelService {
  #pool: WorkerPool | undefined
  #bundle: Bundle | undefined
  #state: ModelState = 'loading'
  #starting: Promise<void> | undefined
  #metrics: Metrics | undefined

  constructor(
    private readonly options: Omit<PoolOptions, 'handlers' | 'onWorkerDied' | 'onAnswered'>,
    private readonly logger: Logger,
  ) {}

  get state(): ModelState {
    if (this.#state === 'ready' && !this.#pool?.ready) return 'failed'
    return this.#state
  }

  /** What is served; undefined until it is loaded. */
  get bundle(): Bundle | undefined {
    return this.#bundle
  }

  /** From now on these are told of requests and workers. Not there from the start, so that loading them delays no worker. */
  observe(metrics: Metrics): void {
    this.#metrics = metrics
  }

  /** Which model is served; undefined until it is loaded. */
  get identity(): { name: string; version: string; sha256: string } | undefined {
    if (!this.#bundle) return undefined
    const { name, version, model, files } = this.#bundle.manifest
    return { name, version, sha256: files.find(({ path }) => path === model)?.sha256 ?? '' }
  }

  /** Requests waiting for a worker, and requests inside workers. */
  get load(): { queued: number; running: number } {
    return this.#pool?.load ?? { queued: 0, running: 0 }
  }

  get onnxRuntimeVersion(): string | undefined {
    return this.#pool?.info.onnxRuntime
  }

  /**
   * Starts the workers and meanwhile checks every file's hash, so that what /version says is what runs.
   * @throws BundleError or ClassifierError; the state is `failed` then
   */
  start(): Promise<void> {
    this.#starting = this.#start()
    return this.#starting
  }

  async #start(): Promise<void> {
    const pool = WorkerPool.start({
      ...this.options,
      // Built JavaScript from src/ (tests) and dist/ alike: worker threads load it.
      handlers: new URL('../dist/worker/handlers.js', import.meta.url),
      onWorkerDied: (reason, givenUp) => {
        if (!givenUp) this.#metrics?.workerRestarted()
        this.logger.error(
          { reason },
          givenUp ? 'no worker could be started again' : 'a worker died; starting another',
        )
      },
      onAnswered: (submitted, started, timings, trace) => {
        this.#metrics?.answered(submitted, started, timings)
        ;(trace as RequestTrace | undefined)?.worked(submitted, started, timings)
      },
    })
    const [started, verified] = await Promise.allSettled([pool, verifyBundle(this.options.modelFolder)])
    if (started.status === 'fulfilled') this.#pool = started.value
    if (started.status === 'fulfilled' && verified.status === 'fulfilled') {
      this.#bundle = verified.value
      // A stop that was asked for while the model loaded stays asked for.
      if (this.#state === 'loading') this.#state = 'ready'
      return
    }
    this.#state = 'failed'
    await this.#pool?.stop()
    throw verified.status === 'rejected' ? verified.reason : (started as PromiseRejectedResult).reason
  }

  /**
   * The model that is served.
   * @throws ClassifierError `not-ready` until it is loaded
   */
  get model(): { manifest: Manifest; tensors: { input: TensorInfo; output: TensorInfo } } {
    if (!this.#bundle || !this.#pool) throw this.notReady()
    return { manifest: this.#bundle.manifest, tensors: this.#pool.info }
  }

  /**
   * Has a worker answer a request body, which is handed over to it.
   * @param body in the parts in which it came
   * @param trace is told what the worker's time went into
   * @returns the answer's JSON text
   * @throws ClassifierError, or HandlerError with a RequestError's code
   */
  async submit(
    kind: RequestKind,
    body: ArrayBuffer[],
    detail: RequestDetail,
    signal: AbortSignal,
    trace?: RequestTrace,
  ): Promise<string> {
    this.assertUsable()
    return (this.#pool as WorkerPool).submit(kind, body, JSON.stringify(detail), signal, trace)
  }

  /**
   * Asks before a request's body is read whether it could be answered.
   * @throws ClassifierError `not-ready` or `queue-full`
   */
  assertUsable(): void {
    if (!this.#pool || this.state === 'loading' || this.state === 'failed') throw this.notReady()
    this.#pool.assertRoom()
  }

  /** The error for a request that comes while there is no model to answer it. */
  notReady(): ClassifierError {
    return new ClassifierError(
      'not-ready',
      `the model is ${this.state === 'failed' ? 'not available' : this.state}`,
      {
        retryAfterSeconds: 1,
      },
    )
  }

  /** From now on not ready, but still answering what comes. */
  drain(): void {
    this.#state = 'draining'
  }

  /** Lets what runs end, then ends the workers. */
  async stop(): Promise<void> {
    this.drain()
    // A worker must not be ended while it loads or runs, so a start that has begun ends first.
    await this.#starting?.catch(() => {})
    await this.#pool?.stop()
  }
}
