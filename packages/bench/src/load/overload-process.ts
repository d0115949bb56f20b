/** Sends requests at a fixed rate and counts what becomes of them; see overload.ts. */
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from '../stats.js'
import type { Arrivals } from './overload.js'

const [url = '', bodyFile = '', rate = '1', seconds = '1'] = process.argv.slice(2)
const TIMEOUT_MS = 60_000

const body = readFileSync(bodyFile)
const agent = new Agent({ keepAlive: true })
const headers = { 'content-type': 'application/json', 'content-length': body.length }
const counts = { sent: 0, answered: 0, refused: 0, other: 0, lost: 0 }
const refusals: number[] = []
let answeredInTime = 0

try {
  // Where that is allowed: it is the server's delay that counts, not this process' own wait for a core.
  setPriority(-10)
} catch {}

const start = performance.now()
const end = start + Number(seconds) * 1000

function send(): Promise<void> {
  const sent = performance.now()
  counts.sent++
  return new Promise((resolve) => {
    let state: 'waiting' | 'answered' | 'lost' = 'waiting'
    const post = request(url, { method: 'POST', agent, headers, timeout: TIMEOUT_MS }, (response) => {
      const now = performance.now()
      state = 'answered'
      if (response.statusCode === 200) {
        counts.answered++
        if (now <= end) answeredInTime++
      } else if (response.statusCode === 503 && response.headers['retry-after'] !== undefined) {
        counts.refused++
        refusals.push(now - sent)
      } else counts.other++
      response.resume()
      response.once('close', resolve)
    })
    post.once('timeout', () => post.destroy(new Error('no answer in time')))
    post.on('error', () => {
      // A connection that is closed after its answer has lost nothing.
      if (state === 'waiting') {
        counts.lost++
        state = 'lost'
      }
      resolve()
    })
    post.end(body)
  })
}

const running = new Set<Promise<void>>()
while (performance.now() < end) {
  const due = ((performance.now() - start) / 1000) * Number(rate)
  while (counts.sent < due) {
    const one = send().finally(() => running.delete(one))
    running.add(one)
  }
  await sleep(1)
}
await Promise.all(running)
agent.destroy()
refusals.sort((a, b) => a - b)
const arrivals: Arrivals = {
  ...counts,
  answeredPerSecond: answeredInTime / Number(seconds),
  refusedP99: quantile(refusals, 0.99),
}
process.send?.(arrivals)
