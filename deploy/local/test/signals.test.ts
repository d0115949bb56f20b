import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { allGone, killLeftovers, type Launcher, launch, processesOf, ready, seeded } from './launcher.js'

const temporaryFolder = temporaryFolders()
const SEED = 20_260_101
const stateFolders: string[] = []
/** How long a first start takes here, in milliseconds. */
let startTime = 0

async function newStateFolder(): Promise<string> {
  const folder = await temporaryFolder()
  stateFolders.push(folder)
  return folder
}

/** As it comes in a terminal: to the whole process group, and to the launcher once more through npm. */
function ctrlC(launcher: Launcher): void {
  process.kill(-launcher.pid, 'SIGINT')
  launcher.kill('SIGINT')
}

beforeAll(async () => {
  const began = performance.now()
  const launcher = launch({ stateFolder: await newStateFolder() })
  await ready(launcher)
  startTime = performance.now() - began
  await launcher.stop()
})

afterEach(async () => {
  await killLeftovers(...stateFolders.splice(0))
})

describe('a launcher that is ended', () => {
  test('when killed hard at ten moments of its start, then the next start is clean each time', async () => {
    const random = seeded(SEED)
    for (let moment = 0; moment < 10; moment++) {
      // A new folder each time, so that publishing and pulling are interrupted too.
      const stateFolder = await newStateFolder()
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
  }, 600_000)

  test('when asked to end at moments spread over its start, then it exits with 0 and leaves no child', async () => {
    const random = seeded(SEED)
    const signals = ['SIGINT', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGINT', 'SIGTERM'] as const
    for (const [moment, signal] of signals.entries()) {
      const stateFolder = await newStateFolder()
      const launcher = launch({ stateFolder })
      // Node itself needs a moment before any signal can be handled.
      await launcher.printed(/\S/)
      await sleep(((moment + random()) / signals.length) * startTime)
      if (signal === 'SIGINT') ctrlC(launcher)
      else launcher.kill(signal)
      expect([await launcher.ended, launcher.output()]).toEqual([0, expect.stringContaining('Stopped')])
      expect(processesOf(stateFolder)).toEqual([])
    }
  })

  test('when the app hangs, then it is ended by force, and at once by a second Ctrl-C', async () => {
    const stateFolder = await newStateFolder()
    for (const times of [1, 2]) {
      const launcher = launch({ stateFolder })
      await ready(launcher)
      const [app] = processesOf(stateFolder, 'inference/dist/bundle/main.js')
      process.kill(app!, 'SIGSTOP')
      ctrlC(launcher)
      await launcher.printed('Stopping')
      // Sooner it would be taken for npm's echo of the first.
      await sleep(600)
      if (times === 2) ctrlC(launcher)
      expect(await launcher.ended).toBe(times === 1 ? 0 : 130)
      await allGone(stateFolder)
    }
  })
})
