import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { temporaryFolders, writeColourBundle } from '@repo/testing'
import sharp from 'sharp'
import { WorkerPool } from '../src/pool/pool.js'
import { classify, part, withPool } from './support.js'

const temporaryFolder = temporaryFolders()
const handlers = new URL('support-handlers.js', import.meta.url)
const bytes = () => part(new Uint8Array([1]))

let folder: string
let image: Buffer
beforeAll(async () => {
  folder = join(await temporaryFolder(), 'colours')
  await writeColourBundle(folder)
  image = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#00ff00' } })
    .png()
    .toBuffer()
})

/** Waits until `condition` holds. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('a pool', () => {
  test('when many requests come at once, then each gets its own answer', async () => {
    await withPool(
      folder,
      async (pool) => {
        const answers = await Promise.all(
          Array.from({ length: 100 }, (_, i) => pool.submit('echo', [bytes()], String(i))),
        )
        expect(answers).toEqual(Array.from({ length: 100 }, (_, i) => String(i)))
      },
      { workers: 2, handlers, queueLimit: 100 },
    )
  })

  test('when many images come at once to a quick model, then each gets its own label', async () => {
    const colours = ['red', 'lime', 'blue']
    const images = await Promise.all(
      colours.map((background) =>
        sharp({ create: { width: 8, height: 8, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    )
    await withPool(folder, async (pool) => {
      const asked = Array.from({ length: 50 }, (_, i) => images[i % 3] as Buffer)
      const answers = await Promise.all(asked.map((one) => classify(pool, one, 1)))
      const labels = answers.map(([best]) => best?.label)
      expect(labels).toEqual(asked.map((_, i) => ['red', 'green', 'blue'][i % 3]))
    })
  })

  test('when it has started, then it tells the version of ONNX Runtime and what a run takes', async () => {
    await withPool(folder, async (pool) => {
      expect(pool.ready).toBe(true)
      expect(pool.info.onnxRuntime).toMatch(/^\d+\.\d+\.\d+$/)
      expect(pool.info.runMs).toBeGreaterThan(0)
    })
  })

  test('when the queue is full, then the next request is refused with a time to try again', async () => {
    const options = { handlers, inFlight: 1, queueLimit: 2 }
    await withPool(
      folder,
      async (pool) => {
        const running = pool.submit('sleep', [bytes()], '300')
        const waiting = [pool.submit('echo', [bytes()], 'a'), pool.submit('echo', [bytes()], 'b')]
        expect(pool.load).toEqual({ queued: 2, running: 1 })
        const refusal = pool.submit('echo', [bytes()])
        await expect(refusal).rejects.toMatchObject({ code: 'queue-full', retryAfterSeconds: 1 })
        // Taking a stack trace costs a good part of what a refusal does; errors that are made next have theirs.
        expect((await refusal.catch((error: Error) => error.stack))?.split('\n')).toHaveLength(1)
        expect(new Error('another').stack?.split('\n').length).toBeGreaterThan(1)
        await running
        expect(await Promise.all(waiting)).toEqual(['a', 'b'])
      },
      options,
    )
  })

  test('when a request has waited too long, then it is refused and not run', async () => {
    await withPool(
      folder,
      async (pool) => {
        const running = pool.submit('sleep', [bytes()], '500')
        await expect(pool.submit('count', [bytes()])).rejects.toMatchObject({ code: 'deadline' })
        await running
        expect(await pool.submit('count', [bytes()])).toBe('1')
      },
      { handlers, inFlight: 1, queueTimeoutMs: 50 },
    )
  })

  test('when a caller leaves while its request waits, then it is not run', async () => {
    await withPool(
      folder,
      async (pool) => {
        const running = pool.submit('sleep', [bytes()], '200')
        const caller = new AbortController()
        const waiting = pool.submit('count', [bytes()], '', () => caller.signal)
        caller.abort()
        await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
        await running
        expect(await pool.submit('count', [bytes()])).toBe('1')
      },
      { handlers, inFlight: 1 },
    )
  })

  test.each(['exit', 'throw-later'])(
    'when a worker dies (%s), then its requests get an error and a new worker takes over',
    async (way) => {
      const deaths: boolean[] = []
      await withPool(
        folder,
        async (pool) => {
          const lost = [pool.submit(way, [bytes()]), pool.submit('sleep', [bytes()], '10000')]
          const results = await Promise.allSettled(lost)
          for (const result of results)
            expect(result).toMatchObject({ status: 'rejected', reason: { code: 'worker-died' } })
          expect(pool.ready).toBe(true)
          expect(await pool.submit('echo', [bytes()], 'again')).toBe('again')
          expect(deaths).toEqual([false])
        },
        { handlers, inFlight: 2, onWorkerDied: (_, givenUp) => deaths.push(givenUp) },
      )
    },
  )

  test('when a request waits while the only worker is replaced, then it is answered', async () => {
    await withPool(
      folder,
      async (pool) => {
        const lost = pool.submit('exit', [bytes()])
        const waiting = pool.submit('echo', [bytes()], 'patience')
        await expect(lost).rejects.toMatchObject({ code: 'worker-died' })
        expect(await waiting).toBe('patience')
      },
      { handlers, inFlight: 1 },
    )
  })

  test('when a dead worker cannot be replaced, then the pool is no longer ready and refuses', async () => {
    const own = join(await temporaryFolder(), 'colours')
    await writeColourBundle(own)
    const deaths: boolean[] = []
    await withPool(
      own,
      async (pool) => {
        const { rm } = await import('node:fs/promises')
        await rm(own, { recursive: true })
        await expect(pool.submit('exit', [bytes()])).rejects.toMatchObject({ code: 'worker-died' })
        await until(() => deaths.includes(true))
        expect(pool.ready).toBe(false)
        await expect(pool.submit('echo', [bytes()])).rejects.toMatchObject({ code: 'not-ready' })
      },
      { handlers, onWorkerDied: (_, givenUp) => deaths.push(givenUp) },
    )
  })

  test('when a worker hangs, then its callers get an error and the pool gives up, so that the process can be restarted', async () => {
    const reasons: string[] = []
    await withPool(
      folder,
      async (pool) => {
        const hung = [pool.submit('block', [bytes()], '2000'), pool.submit('echo', [bytes()])]
        const waiting = pool.submit('echo', [bytes()])
        const ends = await Promise.allSettled([...hung, waiting])
        expect(ends.map((end) => end.status === 'rejected' && end.reason.code)).toEqual([
          'worker-died',
          'worker-died',
          'not-ready',
        ])
        expect(pool.ready).toBe(false)
        expect(reasons).toEqual([expect.stringContaining('a worker hangs')])
      },
      {
        handlers,
        inFlight: 2,
        runTimeoutMs: 300,
        onWorkerDied: (reason, givenUp) => givenUp && reasons.push(reason),
      },
    )
  })

  test('when a request of many images takes longer than the limit but gets on, then it is answered', async () => {
    await withPool(
      folder,
      async (pool) => {
        const answers = [pool.submit('steps', [bytes()], '5'), pool.submit('sleep', [bytes()], '1200')]
        expect(await Promise.all(answers)).toEqual(['stepped', 'slept'])
        expect(await pool.stop()).toBe(true)
      },
      { handlers, inFlight: 2, runTimeoutMs: 900 },
    )
  })

  test('when one request does not end while others do, then the pool gives up in the end', async () => {
    await withPool(
      folder,
      async (pool) => {
        const lost = pool.submit('sleep', [bytes()], '3000').catch((error) => error.code)
        while (pool.ready) await pool.submit('sleep', [bytes()], '20').catch(() => {})
        expect(await lost).toBe('worker-died')
        expect(await pool.stop()).toBe(false)
      },
      { handlers, inFlight: 2, runTimeoutMs: 100 },
    )
  })

  test('when a handler refuses, then its code and words reach the caller', async () => {
    await withPool(
      folder,
      async (pool) => {
        const refusal = { name: 'HandlerError', code: 'out-of-cheese', message: 'no more' }
        await expect(pool.submit('refuse', [bytes()])).rejects.toMatchObject(refusal)
        await expect(pool.submit('no-such-kind', [bytes()])).rejects.toThrow('no handler for "no-such-kind"')
      },
      { handlers },
    )
  })

  test('when it is stopped while models run, then they finish, and what waits is refused', async () => {
    const pool = await WorkerPool.start({ modelFolder: folder, workers: 1, handlers, inFlight: 1 })
    const running = pool.submit('sleep', [bytes()], '100')
    const waiting = pool.submit('echo', [bytes()])
    const stopped = pool.stop()
    await expect(waiting).rejects.toMatchObject({ code: 'stopped' })
    expect(await running).toBe('slept')
    await stopped
    await expect(pool.submit('echo', [bytes()])).rejects.toMatchObject({ code: 'stopped' })
  })

  test('when it is stopped in the middle of 200 real runs, then every one ends in an answer or a refusal', async () => {
    const pool = await WorkerPool.start({ modelFolder: folder, workers: 2, queueLimit: 1000 })
    const runs = Array.from({ length: 200 }, () => classify(pool, image))
    const ends = Promise.allSettled(runs)
    await runs[10]
    await pool.stop()
    for (const result of await ends) {
      if (result.status === 'fulfilled') expect(result.value[0]?.label).toBe('green')
      else expect(result.reason).toMatchObject({ code: 'stopped' })
    }
  })
})
