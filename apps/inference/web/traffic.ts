import type { Server } from './api'

/** One answer of many. */
export interface Answer extends Server {
  /** Counts all answers. */
  id: number
  /** When it came, by `performance.now()`. */
  at: number
  /** Milliseconds from sending to answer. */
  ms: number
  /** The code of what went wrong. */
  failure?: string
}

export interface Summary {
  /** Answers a second, over the last seconds. */
  rate: number
  answers: number
  failures: number
  /** Milliseconds, of good answers; undefined without any. */
  p50?: number
  p99?: number
}

/** How long answers count, in milliseconds. */
export const WINDOW_MS = 60_000
const RATE_WINDOW_MS = 5_000
/** No more at once: a server that is slow must not be buried. */
const MAX_IN_FLIGHT = 12

/** Sends requests at a steady rate and keeps the last minute's answers. */
export class Traffic {
  /** Oldest first. */
  answers: Answer[] = []
  answered = 0
  failed = 0
  #inFlight = 0
  #started = 0

  /**
   * @param send sends one request and says who answered; throws with a `code`, and with `server` where one answered
   * @returns ends it
   */
  start(perSecond: number, send: () => Promise<Server>): () => void {
    this.#started = performance.now()
    const timer = setInterval(() => this.#once(send), 1000 / perSecond)
    return () => clearInterval(timer)
  }

  async #once(send: () => Promise<Server>): Promise<void> {
    if (this.#inFlight >= MAX_IN_FLIGHT) return
    this.#inFlight++
    const start = performance.now()
    const outcome = await send().catch((error) => ({ ...error.server, failure: String(error.code) }))
    this.#inFlight--
    const at = performance.now()
    this.answered++
    if (outcome.failure) this.failed++
    this.answers.push({ ...outcome, id: this.answered, at, ms: at - start })
    const old = this.answers.findIndex((answer) => answer.at > at - WINDOW_MS)
    this.answers.splice(0, old)
  }

  summary(now = performance.now()): Summary {
    const span = Math.min(RATE_WINDOW_MS, Math.max(1_000, now - this.#started))
    const recent = this.answers.filter(({ at }) => at > now - span)
    return {
      rate: (recent.length * 1000) / span,
      answers: this.answered,
      failures: this.failed,
      ...quantiles(this.answers),
    }
  }

  /** The model versions of the latest good answers; none before there are `count` of them. */
  latestVersions(count: number): string[] {
    const latest = this.answers.filter(({ failure }) => !failure).slice(-count)
    return latest.length < count ? [] : [...new Set(latest.map(({ modelVersion }) => modelVersion))]
  }

  /** p50 and p99 of each of the last minute's seconds, oldest first. */
  history(now = performance.now()): { p50?: number; p99?: number }[] {
    const seconds: Answer[][] = Array.from({ length: WINDOW_MS / 1000 }, () => [])
    for (const answer of this.answers) {
      seconds[seconds.length - 1 - Math.floor((now - answer.at) / 1000)]?.push(answer)
    }
    return seconds.map(quantiles)
  }
}

/** The smallest time that is not exceeded by the given share of the good answers. */
function quantiles(answers: Answer[]): { p50?: number; p99?: number } {
  const times = answers.filter(({ failure }) => !failure).map(({ ms }) => ms)
  if (times.length === 0) return {}
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.ceil(times.length * share) - 1] as number
  return { p50: at(0.5), p99: at(0.99) }
}
