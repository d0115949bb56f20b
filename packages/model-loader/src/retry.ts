import { setTimeout as sleep } from 'node:timers/promises'
import { StoreError } from './errors.js'

/** How hard to try. Waits double from the first to the longest; each is a random share of that (full jitter). */
export interface RetryPolicy {
  /** Requests for one thing, the first included. A stream that brings bytes starts counting anew. */
  tries: number
  firstWaitMs: number
  maxWaitMs: number
  /** A request without a sign of life for so long is given up, and counts as a failed try. */
  stallMs: number
}

export const DEFAULT_RETRY: RetryPolicy = { tries: 6, firstWaitMs: 200, maxWaitMs: 5_000, stallMs: 30_000 }

/** Asked to wait longer than this, we do not believe it. */
const MAX_RETRY_AFTER_MS = 60_000

/** One request of a store: `signal` ends it, `alive` is to be called whenever something moves. */
export type Try<T> = (signal: AbortSignal, alive: () => void) => Promise<T>

/**
 * Runs a request until it succeeds, fails for good, or has failed too often.
 * @param what for the message of a stall: "azurite://...: reading a/x"
 */
export async function retrying<T>(
  policy: RetryPolicy,
  what: string,
  signal: AbortSignal | undefined,
  run: Try<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const watch = new Watch(policy, what, signal)
    try {
      return await run(watch.signal, () => watch.alive())
    } catch (error) {
      watch.end()
      await waitToRetry(policy, attempt, watch.reasonOf(error), signal)
    } finally {
      watch.end()
    }
  }
}

/**
 * Streams the bytes from `start` to `end`; after a failure only what is still missing is asked for.
 * @param open streams from `at`; ends early when there are no more bytes
 */
export async function* retryingStream(
  policy: RetryPolicy,
  what: string,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
  open: (at: number, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>,
): AsyncGenerator<Uint8Array> {
  let at = start
  let empty = 0
  for (let attempt = 1; at < end; attempt++) {
    const from = at
    const watch = new Watch(policy, what, signal)
    try {
      for await (const chunk of await open(at, watch.signal)) {
        at += chunk.length
        // Whoever takes the chunk may take its time.
        watch.pause()
        yield chunk
        watch.alive()
      }
      // Either the object ends here, or the server sent less than it had: asking for the rest tells.
      if (at === from && ++empty === 2) return
      if (at > from) attempt = 0
    } catch (error) {
      if (at > from) attempt = 1
      watch.end()
      await waitToRetry(policy, attempt, watch.reasonOf(error), signal)
    } finally {
      watch.end()
    }
  }
}

/** Ends a request that shows no sign of life. */
class Watch {
  readonly signal: AbortSignal
  readonly #stalled = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #isPaused = false

  constructor(
    private readonly policy: RetryPolicy,
    private readonly what: string,
    outer: AbortSignal | undefined,
  ) {
    this.signal = outer ? AbortSignal.any([outer, this.#stalled.signal]) : this.#stalled.signal
    this.alive()
  }

  alive(): void {
    this.#isPaused = false
    // A stream calls this for each chunk, so the timer is kept: refreshing it costs next to nothing.
    this.#timer = this.#timer?.refresh() ?? setTimeout(() => this.#expired(), this.policy.stallMs)
  }

  pause(): void {
    this.#isPaused = true
  }

  end(): void {
    clearTimeout(this.#timer)
  }

  #expired(): void {
    if (this.#isPaused) return
    const seconds = this.policy.stallMs / 1000
    const message = `${this.what} failed: nothing moved for ${seconds} s. Check the network, then try again.`
    this.#stalled.abort(new StoreError('unreachable', message, { isTransient: true }))
  }

  /** The stall itself, where the error only says that the request was stopped. */
  reasonOf(error: unknown): unknown {
    return this.#stalled.signal.aborted ? this.#stalled.signal.reason : error
  }
}

/** Returns when it is time for another try; throws the error when there is to be none. */
async function waitToRetry(
  policy: RetryPolicy,
  attempt: number,
  error: unknown,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted()
  if (!(error instanceof StoreError) || !error.isTransient || attempt >= policy.tries) throw error
  const longest = Math.min(policy.maxWaitMs, policy.firstWaitMs * 2 ** (attempt - 1))
  const asked = Math.min(error.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS)
  const wait = asked + Math.random() * longest
  await sleep(wait, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted())
}

/** Milliseconds that a `Retry-After` header asks to wait: seconds, or a date. */
export function retryAfterMs(header: string | null | undefined): number | undefined {
  if (!header) return undefined
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}
