import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from '@jest/globals'
import { readBundle } from '@repo/model-bundle'
import { isLong } from './env.js'
import { residentBytes, startProcess, whenReady } from './process.js'
import { originalBody, sampleBundle } from './support.js'

const SECONDS = isLong ? 600 : 10
/** So many fill caches and pools; memory is compared from then on. */
const WARM_UP_REQUESTS = 10_000
const CLIENTS = 64
const MEMORY_GROWTH_BYTES = 32 * 1024 * 1024

const app = startProcess({ LOG_LEVEL: 'info', WORKERS: '1' })
afterAll(async () => {
  app.child.kill('SIGTERM')
  await app.ended
})

test(`when it is saturated for ${SECONDS} s, then every request is answered and memory stays flat`, async () => {
  const url = await whenReady(app)
  const { manifest } = await readBundle(sampleBundle)
  const images = await Promise.all(manifest.samples.map(({ file }) => readFile(join(sampleBundle, file))))
  const bodies = images.map((image) => originalBody(image))
  let end = Number.POSITIVE_INFINITY
  let answered = 0
  const client = async (index: number) => {
    for (let turn = index; Date.now() < end; turn++) {
      const response = await fetch(`${url}/score`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: bodies[turn % bodies.length] as string,
      })
      await response.text()
      expect(response.status).toBe(200)
      answered++
    }
  }
  const clients = Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index)))
  while (answered < WARM_UP_REQUESTS) await Promise.race([clients, sleep(100)])
  end = Date.now() + SECONDS * 1000
  const readings = [residentBytes(app) ?? 0]
  for (let part = 1; part <= 10; part++) {
    await sleep((SECONDS * 1000) / 10)
    readings.push(residentBytes(app) ?? 0)
  }
  await clients
  if (isLong)
    console.log(
      `${answered} answered; resident MB`,
      readings.map((bytes) => Math.round(bytes / 2 ** 20)),
    )
  expect(answered).toBeGreaterThan(WARM_UP_REQUESTS + CLIENTS)
  expect(Math.max(...readings) - (readings[0] as number)).toBeLessThan(MEMORY_GROWTH_BYTES)
}, 1_200_000)
