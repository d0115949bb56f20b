import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { temporaryFolders, writeColourBundle } from '@repo/testing'
import sharp from 'sharp'
import type { OnAnswered } from '../src/pool/worker-handle.js'
import { TIMINGS_PER_RUN } from '../src/timings.js'
import { classify, part, withPool } from './support.js'

const temporaryFolder = temporaryFolders()

let folder: string
let image: Buffer
beforeAll(async () => {
  folder = join(await temporaryFolder(), 'colours')
  await writeColourBundle(folder)
  image = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#00ff00' } })
    .png()
    .toBuffer()
})

describe('onAnswered', () => {
  test('when a request was answered, then it tells when each part of it began and how long it took', async () => {
    const told: Parameters<OnAnswered>[] = []
    await withPool(
      folder,
      async (pool) => {
        const before = performance.now()
        await classify(pool, image)
        const after = performance.now()
        expect(told).toHaveLength(1)
        const [submitted, started, timings] = told[0]!
        expect(timings).toHaveLength(TIMINGS_PER_RUN)
        const [decodeAt, decodeMs, runAt, runMs] = timings as [number, number, number, number]
        const order = [before, submitted, started, after]
        expect(order).toEqual([...order].sort((a, b) => a - b))
        expect(runAt).toBeCloseTo(decodeAt + decodeMs, 3)
        expect(decodeMs + runMs).toBeLessThanOrEqual(after - before)
        expect(runMs).toBeGreaterThan(0)
      },
      { onAnswered: (...call) => told.push(call) },
    )
  })

  test('when a request was refused by its handler, then it is told too, with its context', async () => {
    const told: Parameters<OnAnswered>[] = []
    await withPool(
      folder,
      async (pool) => {
        const context = { request: 7 }
        const answer = pool.submit('classify', [part(Buffer.from('no image'))], '3', undefined, context)
        await expect(answer).rejects.toMatchObject({ code: 'image-unsupported' })
        expect(told).toEqual([[expect.any(Number), expect.any(Number), [], context]])
        expect(told[0]![3]).toBe(context)
      },
      { onAnswered: (...call) => told.push(call) },
    )
  })
})
