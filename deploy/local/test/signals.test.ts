import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { allGone, killLeftovers, launch, processesOf, ready, seeded } from './launcher.js'

const temporaryFolder = temporaryFolders()
const SEED = 20_260_101
let stateFolder = ''

beforeEach(async () => {
  stateFolder = await temporaryFolder()
})

afterEach(async () => {
  await killLeftovers(stateFolder)
})

/** How long a first start takes here, in milliseconds. */
let startTime = 0

beforeAll(async () => {
  const folder = await temporaryFolder()
  const began = performance.now()
  const launcher = launch({ stateFolder: folder })
  await ready(launcher)
  startTime = performance.now() - began
  await launcher.stop()
})

describe('a launcher that is ended', () => {
  test('when killed hard at ten moments of its start, then the next start is clean each time', async () => {
    const random = seeded(SEED)
    for (let moment = 0; moment < 10; moment++) {
      const launcher = launch({ stateFolder })
      await sleep(((moment + random()) / 10) * startTime * 1.1)
      launcher.kill('SIGKILL')
      // At once, so that it meets what the dead launcher's children are still doing.
      const next = launch({ stateFolder })
      const url = await ready(next)
      expect((await fetch(`${url}/readyz`)).status).toBe(200)
      expect(await next.stop()).toBe(0)
      await allGone(stateFolder)
    }
  }, 120_000)

  test('when asked to end at moments spread over its start, then it exits with 0 and leaves no child', async () => {
    const random = seeded(SEED)
    const signals = ['SIGINT', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGINT', 'SIGTERM'] as const
    for (const [moment, signal] of signals.entries()) {
      const folder = await temporaryFolder()
      const launcher = launch({ stateFolder: folder })
      // Node itself needs a moment before any signal can be handled.
      await launcher.printed(/\S/)
      await sleep(((moment + random()) / signals.length) * startTime)
      launcher.kill(signal)
      expect([await launcher.ended, launcher.output()]).toEqual([0, expect.stringContaining('Stopped')])
      expect(processesOf(folder)).toEqual([])
    }
  })

  test('when a signal reaches its whole process group, as Ctrl-C does, and again through npm, then it ends gently', async () => {
    const launcher = launch({ stateFolder })
    await ready(launcher)
    process.kill(-launcher.pid, 'SIGINT')
    process.kill(launcher.pid, 'SIGINT')
    expect(await launcher.ended).toBe(0)
    expect(processesOf(stateFolder)).toEqual([])
  })

  test('when the app hangs, then it is ended by force, and at once by a second Ctrl-C', async () => {
    for (const ctrlC of [1, 2]) {
      const launcher = launch({ stateFolder })
      await ready(launcher)
      const [app] = processesOf(stateFolder, 'inference/dist/main.js')
      process.kill(app!, 'SIGSTOP')
      launcher.kill('SIGINT')
      await launcher.printed('Stopping')
      // Sooner it would be taken for npm's echo of the first.
      await sleep(600)
      if (ctrlC === 2) launcher.kill('SIGINT')
      expect(await launcher.ended).toBe(ctrlC === 1 ? 0 : 130)
      await allGone(stateFolder)
    }
  })
})
