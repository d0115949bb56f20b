/** Asks a URL every 50 ms, over a new connection each time as a platform's probe does, until told to stop. */
import { get } from 'node:http'
import { setPriority } from 'node:os'
import { quantile } from '../stats.js'
import type { Probes } from './probe.js'

const INTERVAL_MS = 50
const TIMEOUT_MS = 1_000

const url = process.argv[2] ?? ''
const times: number[] = []
let failures = 0
const running = new Set<Promise<void>>()

try {
  // Where that is allowed: it is the server's delay that counts, not this process' own wait for a core.
  setPriority(-10)
} catch {}

function probe(): Promise<void> {
  const start = performance.now()
  return new Promise((resolve) => {
    let ended = false
    const end = (isGood: boolean) => {
      if (ended) return
      ended = true
      times.push(performance.now() - start)
      if (!isGood) failures++
      resolve()
    }
    const request = get(url, { agent: false, timeout: TIMEOUT_MS }, (response) => {
      response.resume()
      response.once('end', () => end(response.statusCode === 200 && performance.now() - start < TIMEOUT_MS))
      response.once('error', () => end(false))
    })
    request.once('timeout', () => request.destroy(new Error('no answer in time')))
    request.once('error', () => end(false))
  })
}

const timer = setInterval(() => {
  const one = probe().finally(() => running.delete(one))
  running.add(one)
}, INTERVAL_MS)

process.on('message', async () => {
  clearInterval(timer)
  await Promise.all(running)
  times.sort((a, b) => a - b)
  const probes: Probes = {
    count: times.length,
    p99: quantile(times, 0.99),
    max: times.at(-1) ?? Number.NaN,
    failures,
  }
  process.send?.(probes)
})
process.send?.('started')
