/** Sends requests at a fixed rate and counts what becomes of them; see overload.ts. */
import { readFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from '../stats.js'
import type { Arrivals } from './overload.js'
import { RawClient } from './raw-client.js'

const [url = '', bodyFile = '', rate = '1', seconds = '1'] = process.argv.slice(2)
const client = new RawClient(url, readFileSync(bodyFile))
const counts = { sent: 0, answered: 0, refused: 0, other: 0, lost: 0 }
const refusals: number[] = []
let answeredInTime = 0

try {
  // Where that is allowed: it is the server's delay that counts, not this process' own wait for a core.
  setPriority(-10)
} catch {}

const start = performance.now()
const end = start + Number(seconds) * 1000

async function send(): Promise<void> {
  const sent = performance.now()
  counts.sent++
  try {
    const { status, hasRetryAfter } = await client.post()
    const now = performance.now()
    if (status === 200) {
      counts.answered++
      if (now <= end) answeredInTime++
    } else if (status === 503 && hasRetryAfter) {
      counts.refused++
      refusals.push(now - sent)
    } else counts.other++
  } catch {
    counts.lost++
  }
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
client.close()
refusals.sort((a, b) => a - b)
const arrivals: Arrivals = {
  ...counts,
  answeredPerSecond: answeredInTime / Number(seconds),
  refusedP99: quantile(refusals, 0.99),
}
process.send?.(arrivals)
