import { fork } from 'node:child_process'
import { once } from 'node:events'
import { memoryOf } from '../memory.js'

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
  offeredPerSecond: number
  seconds: number
  /** Megabytes that the server grew at the most. */
  rssGrowth: number | undefined
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
    return {
      ...arrivals,
      offeredPerSecond,
      seconds,
      rssGrowth: before === undefined ? undefined : most - before,
    }
  } finally {
    clearInterval(watch)
    child.disconnect()
  }
}
