import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { startProcess as start, whenReady } from './process.js'

const temporaryFolder = temporaryFolders()
describe('the process', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'when it gets %s, then it ends with exit code 0',
    async (signal) => {
      const app = start({})
      await whenReady(app)
      app.child.kill(signal)
      expect(await app.ended).toEqual({ code: 0, signal: null })
      expect(app.output()).toContain('stopped')
    },
  )

  test('when it gets SIGTERM while the model loads, then it ends with exit code 0', async () => {
    const app = start({})
    await app.port
    app.child.kill('SIGTERM')
    expect(await app.ended).toEqual({ code: 0, signal: null })
  })

  test('when it gets SIGTERM while its code loads, then it ends with exit code 0', async () => {
    // The first worker starts before most of the code is there.
    const onFirstWorker =
      'data:text/javascript,process.once("worker",()=>process.kill(process.pid,"SIGTERM"))'
    const app = start({ NODE_OPTIONS: `--import=${JSON.stringify(onFirstWorker)}` })
    expect(await app.ended).toEqual({ code: 0, signal: null })
    expect(app.output()).toContain('stopped')
  })

  test('when it is asked twice to end, then it ends at once', async () => {
    const app = start({ SHUTDOWN_DELAY_MS: '60000', SHUTDOWN_GRACE_MS: '120000' })
    const url = await whenReady(app)
    app.child.kill('SIGTERM')
    while ((await fetch(`${url}/readyz`)).ok) await new Promise((resolve) => setTimeout(resolve, 10))
    app.child.kill('SIGTERM')
    expect(await app.ended).toEqual({ code: null, signal: 'SIGKILL' })
  })

  test('when a variable is wrong, then it names it and ends with exit code 2', async () => {
    const app = start({ PORT: 'eighty', MAX_IMAGES: '0' })
    expect(await app.ended).toEqual({ code: 2, signal: null })
    expect(app.output()).toMatch(/PORT: .*\n.*MAX_IMAGES: /)
  })

  test.each([
    ['a time is longer than timers can wait', { QUEUE_TIMEOUT_MS: '10000000000' }, /QUEUE_TIMEOUT_MS: /],
    [
      'bodies may be larger than the memory for them',
      { MAX_BUFFERED_BYTES: '1000' },
      /MAX_BUFFERED_BYTES: must be at least/,
    ],
    [
      'the delay at the end takes all of the grace',
      { SHUTDOWN_DELAY_MS: '5000', SHUTDOWN_GRACE_MS: '5000' },
      /SHUTDOWN_DELAY_MS: must be less than SHUTDOWN_GRACE_MS/,
    ],
  ])('when %s, then it says so and ends with exit code 2', async (_what, settings, message) => {
    const app = start(settings)
    expect(await app.ended).toEqual({ code: 2, signal: null })
    expect(app.output()).toMatch(message)
  })

  test('when a whole request gets less time than its headers might, then it starts all the same', async () => {
    const app = start({ REQUEST_TIMEOUT_MS: '500' })
    await whenReady(app)
    app.child.kill('SIGTERM')
    expect(await app.ended).toEqual({ code: 0, signal: null })
  })

  test("when the endpoint's address holds a password, then it is refused without being shown", async () => {
    const app = start({ MODEL_ENDPOINT: 'http://user:pa55word@127.0.0.1:9' })
    expect(await app.ended).toEqual({ code: 2, signal: null })
    expect(app.output()).toMatch(/MODEL_ENDPOINT: .*use MODEL_ENDPOINT_API_KEY/)
    expect(app.output()).not.toContain('pa55word')
  })

  test('when there is no model, then it says so and ends with exit code 1', async () => {
    const folder = await temporaryFolder()
    const app = start({ MODEL_DIR: folder })
    expect(await app.ended).toEqual({ code: 1, signal: null })
    expect(app.output()).toContain(`${folder} is not a model bundle`)
  })

  test('when the port is taken, then it says so and ends with exit code 1', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const app = start({ PORT: String((other.address() as { port: number }).port) })
    expect(await app.ended).toEqual({ code: 1, signal: null })
    expect(app.output()).toContain('EADDRINUSE')
    other.close()
  })
})
