import { ClassifierError } from '../errors.js'
import type { Job } from './worker-handle.js'

type Waiting = Job & { timer: NodeJS.Timeout }

/** Requests that wait for a worker, each no longer than it may and only while its caller does. */
export class JobQueue {
  readonly #jobs: Waiting[] = []

  /**
   * @param timeoutMs how long a request may wait, in milliseconds
   * @param retryAfterSeconds when it is worth trying again, for those that waited too long
   */
  constructor(
    private readonly timeoutMs: number,
    private readonly retryAfterSeconds: () => number,
  ) {}

  get length(): number {
    return this.#jobs.length
  }

  /** @throws ClassifierError `cancelled` when the caller has left already */
  push(job: Job, signal: AbortSignal | undefined): void {
    if (signal?.aborted) throw cancelled()
    const leave = (error: ClassifierError) => {
      const at = this.#jobs.indexOf(waiting)
      if (at === -1) return
      this.#jobs.splice(at, 1)
      clearTimeout(waiting.timer)
      job.reject(error)
    }
    const tooLate = () => {
      const options = { retryAfterSeconds: this.retryAfterSeconds() }
      leave(
        new ClassifierError('deadline', `the request waited ${this.timeoutMs} ms for a free worker`, options),
      )
    }
    const waiting: Waiting = { ...job, timer: setTimeout(tooLate, this.timeoutMs) }
    this.#jobs.push(waiting)
    signal?.addEventListener('abort', () => leave(cancelled()), { once: true })
  }

  /** The one that has waited longest. */
  shift(): Job | undefined {
    const job = this.#jobs.shift()
    clearTimeout(job?.timer)
    return job
  }

  refuseAll(error: ClassifierError): void {
    for (const job of this.#jobs.splice(0)) {
      clearTimeout(job.timer)
      job.reject(error)
    }
  }
}

function cancelled(): ClassifierError {
  return new ClassifierError('cancelled', 'the caller left before the request was run')
}
