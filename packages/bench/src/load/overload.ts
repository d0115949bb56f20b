import { fork } from 'node:child_process'
import { once } from 'node:events'
import { memoryOf } from '../memory.js'
import { type Spread, shares } from '../stats.js'

/** What came of requests that arrive at a fixed rate, whether or not earlier ones are answered. */
export interface Arrivals {
  sent: number
  /** Status 200. */
  answered: number
  /** Of those answered while the load lasted, per second. */
  answeredPerSecond: number
  /** Status 503 with Retry-After. */
  refused: number
  /** Milliseconds from sending to the refusal. */
  refusedP99: number
  /** Any other answer. */
  other: number
  /** No answer at all. */
  lost: number
}

export interface Overload extends Arrivals {
  /** Megabytes that the server grew at the most. */
  rssGrowth: number | undefined
}

/** Several overloads of one server. */
export interface Overloads {
  /** Of its peak just before and after, what it answered meanwhile. */
  share: Spread
  /** All counts together. */
  refused: number
  other: number
  lost: number
  /** Of the worst. */
  refusedP99: number
  rssGrowth: number | undefined
}

/** @param peaks requests per second, one before the first overload and one after each */
export function together(overloads: Overload[], peaks: number[]): Overloads {
  const sum = (pick: (one: Overload) => number) => overloads.reduce((total, one) => total + pick(one), 0)
  const growths = overloads.map(({ rssGrowth }) => rssGrowth).filter((growth) => growth !== undefined)
  return {
    share: shares(
      overloads.map(({ answeredPerSecond }) => answeredPerSecond),
      overloads.map((_, at) => peaks.slice(at, at + 2)),
    ),
    refused: sum(({ refused }) => refused),
    other: sum(({ other }) => other),
    lost: sum(({ lost }) => lost),
    refusedP99: Math.max(...overloads.map(({ refusedP99 }) => refusedP99)),
    rssGrowth: growths.length > 0 ? Math.max(...growths) : undefined,
  }
}

const SAMPLE_MS = 250

/** Offers a server so many requests a second. */
export async function overload(
  server: { url: string; pid: number },
  bodyFile: string,
  offeredPerSecond: number,
  seconds: number,
): Promise<Overload> {
  const before = memoryOf(server.pid)?.rss
  let most = before ?? 0
  const watch = setInterval(() => {
    most = Math.max(most, memoryOf(server.pid)?.rss ?? 0)
  }, SAMPLE_MS)
  const args = [server.url, bodyFile, String(offeredPerSecond), String(seconds)]
  const child = fork(new URL('./overload-process.js', import.meta.url), args, {
    serialization: 'advanced',
  })
  try {
    const [arrivals] = (await once(child, 'message')) as [Arrivals]
    return { ...arrivals, rssGrowth: before === undefined ? undefined : most - before }
  } finally {
    clearInterval(watch)
    child.disconnect()
  }
}
