import { afterAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isLong } from './env.js'
import { hostileRequests } from './hostile-corpus.js'
import { residentBytes, startProcess, whenReady } from './process.js'

const RUNS = isLong ? 10_000 : 600
/** Until every decoder and every kind of answer has been used several times. */
const WARM_UP_RUNS = isLong ? 1_000 : 600
const MEMORY_GROWTH_BYTES = 64 * 1024 * 1024
/** A request without an answer after this long counts as lost. */
const DEADLINE_MS = 30_000

const app = startProcess({ WORKERS: '1' })
afterAll(async () => {
  app.child.kill('SIGTERM')
  await app.ended
})

/** Resident memory once it has settled: the least of some readings, with plain requests between them that let it. */
async function memory(url: string): Promise<number | undefined> {
  const readings: number[] = []
  for (let reading = 0; reading < 5; reading++) {
    for (let request = 0; request < 100; request++) await (await fetch(`${url}/readyz`)).text()
    await new Promise((resolve) => setTimeout(resolve, 300))
    const bytes = residentBytes(app)
    if (bytes === undefined) return undefined
    readings.push(bytes)
  }
  return Math.min(...readings)
}

test(`when ${RUNS} hostile requests come, then each gets a 2xx or 4xx, the process lives and its memory stays`, async () => {
  const url = await whenReady(app)
  const requests = await hostileRequests()
  const statuses = new Map<number, number>()
  const run = (numRuns: number) =>
    fc.assert(
      fc.asyncProperty(requests, async ({ path, contentType, body }) => {
        const response = await fetch(url + path, {
          method: 'POST',
          headers: { 'content-type': contentType },
          body: new Blob([Uint8Array.from(body)]),
          signal: AbortSignal.timeout(DEADLINE_MS),
        })
        const answer = await response.text()
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
        expect(`${response.status} ${answer.slice(0, 200)}`).toMatch(/^(2\d\d|4\d\d) /)
        expect(() => JSON.parse(answer)).not.toThrow()
      }),
      { numRuns, endOnFailure: true },
    )
  await run(WARM_UP_RUNS)
  const before = await memory(url)
  await run(RUNS)
  const after = await memory(url)
  expect(statuses.get(200)).toBeGreaterThan(0)
  expect(statuses.get(400)).toBeGreaterThan(0)
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  expect(app.child.exitCode).toBeNull()
  if (before !== undefined && after !== undefined) expect(after - before).toBeLessThan(MEMORY_GROWTH_BYTES)
  if (isLong) console.log('statuses', Object.fromEntries(statuses), 'memory', before, after)
}, 1_200_000)
