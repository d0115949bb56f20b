/** Sends requests at a fixed rate and counts what becomes of them; see overload.ts. */
import { readFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from '../stats.js'
import type { Arrivals } from './overload.js'
import { RawClient } from './raw-client.js'

/** Few enough wake-ups that the server keeps its cores, and still a steady stream. */
const TICK_MS = 5

const [url = '', bodyFile = '', rate = '1', seconds = '1'] = process.argv.slice(2)
const client = new RawClient(url, readFileSync(bodyFile))
const counts = { sent: 0, answered: 0, refused: 0, other: 0, lost: 0 }
const refusals: number[] = []
let answeredInTime = 0
let running = 0

try {
  // Where that is allowed: it is the server's delay that counts, not this process' own wait for a core.
  setPriority(-10)
} catch {}

const start = performance.now()
const end = start + Number(seconds) * 1000

function send(): void {
  const sent = performance.now()
  counts.sent++
  running++
  client.post((answer) => {
    running--
    const now = performance.now()
    if (!answer) counts.lost++
    else if (answer.status === 200) {
      counts.answered++
      if (now <= end) answeredInTime++
    } else if (answer.status === 503 && answer.hasRetryAfter) {
      counts.refused++
      refusals.push(now - sent)
    } else counts.other++
  })
}

while (performance.now() < end) {
  const due = ((performance.now() - start) / 1000) * Number(rate)
  while (counts.sent < due) send()
  await sleep(TICK_MS)
}
while (running > 0) await sleep(TICK_MS)
client.close()
refusals.sort((a, b) => a - b)
const arrivals: Arrivals = {
  ...counts,
  answeredPerSecond: answeredInTime / Number(seconds),
  refusedP99: quantile(refusals, 0.99),
}
process.send?.(arrivals)
