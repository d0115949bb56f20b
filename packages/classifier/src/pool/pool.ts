import { readBundle } from '@repo/model-bundle'
import { builtFile } from '../built-file.js'
import { DEFAULT_MAX_DECODE_BYTES, DEFAULT_MAX_PIXELS } from '../classifier-options.js'
import { cpuLimit } from '../cpu.js'
import { ClassifierError, withoutStack } from '../errors.js'
import { DecodeLock, newLockMemory } from '../image/decode-lock.js'
import { type GraphCache, optimisedGraph } from '../optimised-graph.js'
import type { OptimisedGraph } from '../optimised-graph-store.js'
import { JobQueue } from './job-queue.js'
import type { WorkerInfo, WorkerSettings } from './messages.js'
import { type Job, type OnAnswered, WorkerHandle } from './worker-handle.js'

export interface PoolOptions {
  /** The model's bundle. */
  modelFolder: string
  /** Worker threads, each with its own session. Default: the CPU limit. */
  workers?: number
  /** Threads of one run; more than 1 pays only with few workers (less memory and latency, less throughput). */
  threads?: number
  /** Requests that one worker has at a time: the next is decoded while one runs. Default: by the model's run time. */
  inFlight?: number
  /** Requests that may wait; more are refused. Default 64. */
  queueLimit?: number
  /** Milliseconds that a request may wait before it is refused. Default 10,000. */
  queueTimeoutMs?: number
  /** Milliseconds within which a worker has to get on with a request, image by image; else it hangs. Default 60,000. */
  runTimeoutMs?: number
  maxPixels?: number
  /** Memory that decoding one image may take, in bytes. Default 256 MiB. */
  maxDecodeBytes?: number
  /** Load a graph that is optimised for this machine, made at the first start. Default: the model's own. */
  graphCache?: GraphCache | undefined
  /** A module that exports `createHandlers`. Default: `classify` alone. */
  handlers?: URL
  /** A thread that was started before, to save its time. */
  firstWorker?: WorkerHandle
  /** Told when a worker died (it is being replaced) and when the pool gave up replacing. */
  onWorkerDied?: (reason: string, givenUp: boolean) => void
  /** For metrics and traces. It runs on the main thread for every request, so it has to be quick. */
  onAnswered?: OnAnswered
}

/** Tries to replace a dead worker, with growing pauses, before the pool gives up. */
const RESTART_PAUSES_MS = [0, 500, 2_000]

/** How often the pool looks for workers that hang. */
const HANG_CHECK_MS = 250

/** Worker threads that answer requests, and the bounded queue before them. */
export class WorkerPool {
  #settings: WorkerSettings | undefined
  readonly #workers = new Set<WorkerHandle>()
  readonly #starting = new Set<Promise<void>>()
  readonly #queue: JobQueue
  #inFlight: number
  #watch: NodeJS.Timeout | undefined
  #info: WorkerInfo | undefined
  #state: 'starting' | 'running' | 'failed' | 'stopped' = 'starting'
  #hasAbandoned = false
  /** Moving average of a job's time in its worker, milliseconds. */
  #jobMs = 0

  private constructor(private readonly options: PoolOptions) {
    this.#inFlight = options.inFlight ?? 0
    this.#queue = new JobQueue(options.queueTimeoutMs ?? 10_000, () => this.#retryAfterSeconds())
  }

  /**
   * Starts a worker and waits until it has loaded the model and run it. It then serves, and the others join it: on a
   * machine whose cores are busy enough with one start, the first answer comes much earlier so.
   * @throws ClassifierError or BundleError when the model cannot be served; no thread is left then
   */
  static async start(options: PoolOptions): Promise<WorkerPool> {
    const pool = new WorkerPool(options)
    // The thread loads its code while the model's manifest is read.
    const first = options.firstWorker ?? new WorkerHandle()
    const graph = await pool.#prepare().catch(async (error) => {
      await first.stop()
      throw error
    })
    const [started, intact] = await Promise.allSettled([pool.#startWorker(first), graph?.intact])
    const failure: Error | undefined = started.status === 'rejected' ? started.reason : undefined
    if (failure || (intact.status === 'fulfilled' && intact.value === false)) {
      await pool.stop()
      if (!graph) throw failure
      if (failure) options.graphCache?.log(`the plain graph is used: ${failure.message}`)
      const { firstWorker: _used, graphCache: _failed, ...others } = options
      return WorkerPool.start(others)
    }
    pool.#state = 'running'
    for (let others = (options.workers ?? cpuLimit()) - 1; others > 0; others--) {
      pool.#startWorker().catch((error: Error) => pool.#replace(error.message))
    }
    pool.#watch = setInterval(() => pool.#findHung(), HANG_CHECK_MS).unref()
    return pool
  }

  /** Whether a request would be taken. While the only worker is replaced it waits. */
  get ready(): boolean {
    return this.#state === 'running'
  }

  /** What the workers learnt while they started. */
  get info(): WorkerInfo {
    // `start` resolves only after the first worker has told.
    return this.#info as WorkerInfo
  }

  /** Requests waiting, and requests inside workers. */
  get load(): { queued: number; running: number } {
    let running = 0
    for (const worker of this.#workers) running += worker.running
    return { queued: this.#queue.length, running }
  }

  /**
   * Has one request answered by a worker.
   * @param kind which handler
   * @param parts the request's bytes; the pool takes them over (they are transferred to the worker)
   * @param signal makes one that is aborted when the caller leaves: a request that still waits is then not run. Called
   *   only for a request that has to wait, since making one costs something
   * @param context handed on to `onAnswered`
   * @throws ClassifierError, or HandlerError for what the handler itself refused
   */
  submit(
    kind: string,
    parts: ArrayBuffer[],
    detail = '',
    signal?: () => AbortSignal,
    context?: unknown,
  ): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#state !== 'running') {
        const code = this.#state === 'stopped' ? 'stopped' : 'not-ready'
        throw new ClassifierError(code, `the classifier is ${this.#state}`)
      }
      const submitted = performance.now()
      const job: Job = { kind, parts, detail, submitted, context, resolve, reject }
      const worker = this.#idlest()
      if (worker) return this.#run(worker, job)
      this.assertRoom()
      this.#queue.push(job, signal?.())
    })
  }

  /** @throws ClassifierError `queue-full` when a request would be refused now */
  assertRoom(): void {
    if (this.#queue.length < (this.options.queueLimit ?? 64) || this.#idlest()) return
    const message = `${this.#queue.length} requests are waiting already`
    throw withoutStack(() => {
      return new ClassifierError('queue-full', message, { retryAfterSeconds: this.#retryAfterSeconds() })
    })
  }

  /**
   * Refuses what waits, lets what runs end, ends every thread.
   * @returns whether all threads have ended: one that hangs never will, and would keep the process from ending by itself
   */
  async stop(): Promise<boolean> {
    this.#state = 'stopped'
    clearInterval(this.#watch)
    this.#queue.refuseAll(new ClassifierError('stopped', 'the classifier has stopped'))
    // A thread must not end while it loads a model either.
    await Promise.allSettled([...this.#workers].map((worker) => worker.stop()).concat(...this.#starting))
    return !this.#hasAbandoned
  }

  #runNext(): void {
    while (this.#queue.length > 0) {
      const worker = this.#idlest()
      if (!worker) return
      this.#run(worker, this.#queue.shift() as Job)
    }
  }

  #run(worker: WorkerHandle, job: Job): void {
    const start = performance.now()
    worker.run({
      ...job,
      resolve: (answer) => {
        const took = performance.now() - start
        this.#jobMs = this.#jobMs === 0 ? took : this.#jobMs * 0.9 + took * 0.1
        job.resolve(answer)
      },
    })
  }

  /** The worker with the fewest jobs that can take another. */
  #idlest(): WorkerHandle | undefined {
    let best: WorkerHandle | undefined
    for (const worker of this.#workers) {
      if (worker.running < this.#inFlight && worker.running < (best?.running ?? Number.POSITIVE_INFINITY))
        best = worker
    }
    return best
  }

  async #prepare(): Promise<OptimisedGraph | undefined> {
    const { modelFolder, graphCache, handlers, threads = 1 } = this.options
    const { maxPixels = DEFAULT_MAX_PIXELS, maxDecodeBytes = DEFAULT_MAX_DECODE_BYTES } = this.options
    const bundle = await readBundle(modelFolder)
    const graph = graphCache && (await optimisedGraph(bundle, graphCache))
    this.#settings = {
      bundle,
      handlers: (handlers ?? builtFile('pool/handlers.js')).href,
      threads,
      maxPixels,
      maxDecodeBytes,
      decodeLock: newLockMemory(),
      optimisedGraph: graph?.path,
    }
    return graph
  }

  #startWorker(worker = new WorkerHandle()): Promise<void> {
    const start = this.#loadWorker(worker).finally(() => this.#starting.delete(start))
    this.#starting.add(start)
    return start
  }

  async #loadWorker(worker: WorkerHandle): Promise<void> {
    const ended = worker.ended
    worker.load(this.#settings as WorkerSettings, () => this.#runNext(), this.options.onAnswered)
    try {
      this.#info = await worker.ready
    } catch (error) {
      await ended
      throw error
    }
    this.#inFlight ||= inFlightFor(this.#info.runMs)
    this.#workers.add(worker)
    ended.then((reason) => {
      this.#workers.delete(worker)
      if (this.#settings) new DecodeLock(this.#settings.decodeLock).free(worker.threadId)
      if (this.#state === 'running') this.#replace(reason ?? 'it ended')
    })
    if (this.#state === 'stopped') await worker.stop()
    this.#runNext()
  }

  async #replace(reason: string): Promise<void> {
    if (this.#state !== 'running') return
    this.options.onWorkerDied?.(reason, false)
    for (const pause of RESTART_PAUSES_MS) {
      await new Promise((resolve) => setTimeout(resolve, pause))
      if (this.#state !== 'running') return
      try {
        return await this.#startWorker()
      } catch (error) {
        reason = (error as Error).message
        // Its folder may have been emptied since the start.
        if (this.#settings) this.#settings.optimisedGraph = undefined
      }
    }
    // The others may still live, but the reason that took this one will take them too: let the platform start anew.
    this.#giveUp(reason)
  }

  /**
   * A thread that hangs inside a model's run cannot be ended without aborting the whole process, so it is left alone and
   * the pool gives up: every caller gets an error, and the platform starts the process anew.
   */
  #findHung(): void {
    const limit = this.options.runTimeoutMs ?? 60_000
    for (const worker of this.#workers) {
      if (!worker.isHung(limit)) continue
      worker.abandon(`a worker has not got on for more than ${limit} ms`)
      this.#hasAbandoned = true
      this.#workers.delete(worker)
      this.#giveUp(`a worker hangs: it has not got on for more than ${limit} ms`)
    }
  }

  #giveUp(reason: string): void {
    if (this.#state !== 'running') return
    this.#state = 'failed'
    this.#queue.refuseAll(new ClassifierError('not-ready', 'the classifier has failed'))
    this.options.onWorkerDied?.(reason, true)
  }

  #retryAfterSeconds(): number {
    const slots = Math.max(1, this.#workers.size * this.#inFlight)
    return Math.max(1, Math.ceil((this.#queue.length * this.#jobMs) / slots / 1000))
  }
}

/** What decoding a photo takes, about. */
const DECODE_MS = 7

/**
 * Requests that a worker has at a time: the one that runs, and those that are decoded meanwhile so that it never waits
 * for one. For quick models they are many, since then it is the next message that it would wait for.
 * @param runMs of one image
 */
function inFlightFor(runMs: number): number {
  return Math.min(16, 1 + Math.ceil(DECODE_MS / runMs))
}
