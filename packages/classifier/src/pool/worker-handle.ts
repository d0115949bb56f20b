import { Worker } from 'node:worker_threads'
import { builtFile } from '../built-file.js'
import { ClassifierError, type ClassifierErrorCode } from '../errors.js'
import { QUICK_RUN_MS } from '../quick.js'
import type { Timings } from '../timings.js'
import type {
  FromWorker,
  PlainError,
  ToWorker,
  WorkerAnswer,
  WorkerInfo,
  WorkerJob,
  WorkerSettings,
} from './messages.js'
import { Outbox } from './outbox.js'

/** One unit of work, from submission to its end. */
export interface Job extends Omit<WorkerJob, 'id'> {
  /** When it was submitted, by `performance.now()`. */
  submitted: number
  /** The submitter's own, for `onAnswered`. */
  context: unknown
  resolve(answer: string): void
  reject(error: Error): void
}

/**
 * Told of every request that a worker answered, well or with an error, just before its caller is.
 * @param submitted when it was submitted, by `performance.now()`
 * @param started when a worker got it
 * @param context what `submit` was given
 */
export type OnAnswered = (submitted: number, started: number, timings: Timings, context: unknown) => void

/** An error that a handler threw in its worker; `code` and `details` are the handler's own. */
export class HandlerError extends Error {
  override readonly name = 'HandlerError'

  constructor(
    readonly code: string | undefined,
    message: string,
    readonly details: object | undefined,
  ) {
    super(message)
  }
}

/** How many times the limit a job may stand still while its worker gets on with others. */
const PATIENCE = 10

/** The main thread's side of one worker. */
export class WorkerHandle {
  readonly #worker: Worker
  /** Node.js forgets it when the thread ends. */
  readonly threadId: number
  /** In the order in which they were given. */
  readonly #jobs = new Map<number, Job & { started: number; lastProgress: number }>()
  readonly #outbox = new Outbox<WorkerJob>((jobs) => {
    // Transferred, not copied: the bytes leave the main thread's memory.
    const parts = jobs.flatMap((job) => job.parts)
    this.#worker.postMessage({ type: 'run', jobs } satisfies ToWorker, parts)
  })
  #nextId = 0
  /** Of any job, by `performance.now()`. */
  #lastProgress = 0
  #stopping = false
  #onIdle: (() => void) | undefined
  #onAnswered: OnAnswered | undefined
  /** Settles when the worker can take jobs, or never will. */
  readonly ready: Promise<WorkerInfo>
  /** Settles when the thread has ended, with the reason if nobody asked it to. */
  readonly ended: Promise<string | undefined>

  /** Starts the thread, which loads its code at once, and its model when `load` says which. */
  constructor() {
    this.#worker = new Worker(builtFile('pool/worker.js'), {
      // Nearly all of a worker's garbage is short-lived base64; a larger young generation would only keep more of it.
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    })
    this.threadId = this.#worker.threadId
    let reason: string | undefined
    this.ended = new Promise((resolve) => {
      this.#worker.once('error', (error) => {
        reason = error.message
      })
      this.#worker.once('exit', (code) => {
        reason ??= this.#stopping ? undefined : `it ended with exit code ${code}`
        for (const job of this.#jobs.values()) {
          job.reject(
            new ClassifierError('worker-died', `the worker died while it ran this request: ${reason}`),
          )
        }
        this.#jobs.clear()
        resolve(reason)
      })
    })
    this.ready = new Promise((resolve, reject) => {
      this.#worker.on('message', (message: FromWorker) => {
        if (message.type === 'ready') {
          this.#outbox.inBatches = message.info.runMs < QUICK_RUN_MS
          resolve(message.info)
        } else if (message.type === 'failed') reject(revive(message.error))
        else if (message.type === 'progress') this.#progressed(message.id)
        else {
          for (const answer of message.answers) this.#finish(answer)
          this.#onIdle?.()
        }
      })
      this.ended.then((why) => reject(new ClassifierError('worker-died', `a worker did not start: ${why}`)))
    })
    // Nobody waits for a worker that is stopped before it was given a model.
    this.ready.catch(() => {})
  }

  /**
   * To be called once, before `ready` is awaited.
   * @param onIdle called whenever jobs have ended, so that the next ones can be given
   */
  load(settings: WorkerSettings, onIdle: () => void, onAnswered?: OnAnswered): void {
    this.#onIdle = onIdle
    this.#onAnswered = onAnswered
    this.#worker.postMessage({ type: 'load', settings } satisfies ToWorker)
  }

  /** Jobs given and not yet ended. */
  get running(): number {
    return this.#jobs.size
  }

  /**
   * Whether nothing has got on for so long, or one job for much longer while others did: one that waits its turn behind
   * jobs of many images is slow, not lost.
   */
  isHung(limitMs: number): boolean {
    let oldest = Number.POSITIVE_INFINITY
    for (const { lastProgress } of this.#jobs.values()) oldest = Math.min(oldest, lastProgress)
    const silent = performance.now() - Math.max(oldest, this.#lastProgress)
    return silent > limitMs || performance.now() - oldest > PATIENCE * limitMs
  }

  /** Tells its callers that no answer will come, and from now on ignores it. Its thread ends if ever it comes back. */
  abandon(reason: string): void {
    void this.stop()
    for (const job of this.#jobs.values()) job.reject(new ClassifierError('worker-died', reason))
    this.#jobs.clear()
  }

  run(job: Job): void {
    const id = this.#nextId++
    const started = performance.now()
    this.#jobs.set(id, { ...job, started, lastProgress: started })
    const { kind, parts, detail } = job
    this.#outbox.add({ id, kind, parts, detail })
  }

  /** Lets the running jobs end, releases the session, then ends the thread. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#outbox.flush()
    this.#worker.postMessage({ type: 'stop' } satisfies ToWorker)
    await this.ended
  }

  #progressed(id: number): void {
    this.#lastProgress = performance.now()
    const job = this.#jobs.get(id)
    if (job) job.lastProgress = this.#lastProgress
  }

  #finish(message: WorkerAnswer): void {
    this.#lastProgress = performance.now()
    const job = this.#jobs.get(message.id)
    this.#jobs.delete(message.id)
    if (job) this.#onAnswered?.(job.submitted, job.started, message.timings, job.context)
    if ('answer' in message) job?.resolve(message.answer)
    else job?.reject(revive(message.error))
  }
}

function revive({ name, code, message, details }: PlainError): Error {
  if (name === 'ClassifierError') return new ClassifierError(code as ClassifierErrorCode, message)
  return new HandlerError(code, message, details)
}
