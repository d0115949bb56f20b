import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type ClassifierError, type PoolOptions, type TensorInfo, WorkerPool } from '@repo/classifier'
import { type Bundle, type Manifest, verifyBundle } from '@repo/model-bundle'
import type { Logger } from 'pino'
import type { Metrics } from './metrics.js'
import {
  type Caller,
  identityOf,
  type ModelIdentity,
  type ModelService,
  type ModelState,
  notReady,
} from './model-service.js'
import { packageFolder } from './package-folder.js'
import type { WorkObserver } from './request-trace.js'
import type { RequestDetail, RequestKind } from './worker/handlers.js'

/** The model in this process: loaded into worker threads, which answer. */
export class LocalModel implements ModelService {
  #pool: WorkerPool | undefined
  #bundle: Bundle | undefined
  #state: ModelState = 'loading'
  #starting: Promise<void> | undefined
  #metrics: Metrics | undefined

  constructor(
    private readonly options: Omit<PoolOptions, 'handlers' | 'onWorkerDied' | 'onAnswered'> &
      Partial<Pick<PoolOptions, 'handlers'>>,
    private readonly logger: Logger,
  ) {}

  get state(): ModelState {
    if (this.#state === 'ready' && !this.#pool?.ready) return 'failed'
    return this.#state
  }

  get bundle(): Bundle | undefined {
    return this.#bundle
  }

  observe(metrics: Metrics): void {
    this.#metrics = metrics
  }

  get identity(): ModelIdentity | undefined {
    return this.#bundle && identityOf(this.#bundle.manifest)
  }

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
      // Built JavaScript, in tests too: worker threads load it.
      handlers: pathToFileURL(join(packageFolder, 'dist/worker/handlers.js')),
      ...this.options,
      onWorkerDied: (reason, givenUp) => {
        if (!givenUp) this.#metrics?.workerRestarted()
        this.logger.error(
          { reason },
          givenUp ? 'no worker could be started again' : 'a worker died; starting another',
        )
      },
      onAnswered: (submitted, started, timings, observer) => {
        this.#metrics?.answered(submitted, started, timings)
        ;(observer as WorkObserver | undefined)?.worked(submitted, started, timings)
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

  get model(): { manifest: Manifest; tensors: { input: TensorInfo; output: TensorInfo } } {
    if (!this.#bundle || !this.#pool) throw this.notReady()
    return { manifest: this.#bundle.manifest, tensors: this.#pool.info }
  }

  async submit(
    kind: RequestKind,
    body: ArrayBuffer[],
    detail: RequestDetail,
    caller: Caller,
    observer?: WorkObserver,
  ): Promise<string> {
    this.assertUsable()
    return (this.#pool as WorkerPool).submit(kind, body, JSON.stringify(detail), caller.left, observer)
  }

  assertUsable(): void {
    if (!this.#pool || this.state === 'loading' || this.state === 'failed') throw this.notReady()
    this.#pool.assertRoom()
  }

  notReady(): ClassifierError {
    return notReady(this.state)
  }

  drain(): void {
    this.#state = 'draining'
  }

  async stop(): Promise<boolean> {
    this.drain()
    // A worker must not be ended while it loads or runs, so a start that has begun ends first.
    await this.#starting?.catch(() => {})
    return (await this.#pool?.stop()) ?? true
  }
}
