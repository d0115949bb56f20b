import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { readBundle } from '@repo/model-bundle'
import { isLong } from './env.js'
import { residentBytes, startProcess, whenReady } from './process.js'
import { originalBody, sampleBundle } from './support.js'

const SECONDS = isLong ? 600 : 10
/** The first part fills caches and pools; memory is compared from its end on. */
const WARM_UP_SHARE = 0.2
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
  const end = Date.now() + SECONDS * 1000
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
  const readings: number[] = []
  for (let part = 1; part <= 10; part++) {
    await new Promise((resolve) => setTimeout(resolve, (SECONDS * 1000) / 10))
    readings.push(residentBytes(app) ?? 0)
  }
  await clients
  if (isLong)
    console.log(
      `${answered} answered; resident MB`,
      readings.map((bytes) => Math.round(bytes / 2 ** 20)),
    )
  expect(answered).toBeGreaterThan(CLIENTS)
  const settled = readings.slice(readings.length * WARM_UP_SHARE)
  expect(Math.max(...settled) - (settled[0] as number)).toBeLessThan(MEMORY_GROWTH_BYTES)
}, 1_200_000)
