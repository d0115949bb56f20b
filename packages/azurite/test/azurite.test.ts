import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { isAlive, startAzurite } from '../src/index.js'

const temporaryFolder = temporaryFolders()

const answers = async (port: number) =>
  fetch(`http://127.0.0.1:${port}/devstoreaccount1?comp=list`).then(
    (response) => response.status === 403,
    () => false,
  )

describe('startAzurite', () => {
  test('when started, then it answers on a free port of loopback, and stops when told', async () => {
    const azurite = await startAzurite()
    expect(await answers(azurite.port)).toBe(true)
    expect(azurite.url).toBe(`azurite://127.0.0.1:${azurite.port}`)
    await azurite.stop()
    expect(await answers(azurite.port)).toBe(false)
    expect(isAlive(azurite.pid)).toBe(false)
  })

  test('when the port is taken, then the error holds what Azurite said', async () => {
    const first = await startAzurite()
    await expect(startAzurite({ port: first.port })).rejects.toThrow(/Azurite did not start[\s\S]*EADDRINUSE/)
    await first.stop()
  })

  test('when aborted while it starts, then no process is left', async () => {
    let pid = 0
    const controller = new AbortController()
    const started = startAzurite({
      signal: controller.signal,
      onSpawn: (spawned) => {
        pid = spawned
        setTimeout(() => controller.abort(new Error('enough')), 50)
      },
    })
    await expect(started).rejects.toThrow('enough')
    expect(pid).toBeGreaterThan(0)
    expect(isAlive(pid)).toBe(false)
  })

  test('when its parent is killed hard, then it ends too', async () => {
    const folder = await temporaryFolder()
    const script = `
      import { startAzurite } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)}
      const azurite = await startAzurite({ folder: ${JSON.stringify(folder)} })
      console.log(azurite.pid)
      setInterval(() => {}, 1000)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(parent.stdout, 'data')
    const pid = Number(line)
    expect(isAlive(pid)).toBe(true)
    parent.kill('SIGKILL')
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 50))
  })
})

describe('the follow-parent preload', () => {
  const followParent = new URL('../dist/follow-parent.js', import.meta.url).href

  /** Starts a child with the preload whose parent dies at once or `afterMs` later. Returns the child's id. */
  async function orphan(code: string, afterMs: number): Promise<number> {
    const args = ['--import', followParent, '--input-type=module', '-e', code]
    const script = `
      import { spawn } from 'node:child_process'
      const stdio = ['ignore', 'pipe', 'pipe', 'ipc']
      const child = spawn(process.execPath, ${JSON.stringify(args)}, { stdio, detached: true })
      console.log(child.pid)
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${afterMs})`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(parent.stdout, 'data')
    await once(parent, 'close')
    return Number(line)
  }

  test.each([
    ['does nothing else', 'setInterval(() => {}, 1000)', 500],
    ['has not even loaded it', 'setInterval(() => {}, 1000)', 0],
    [
      'hangs when asked to end',
      "process.on('SIGTERM', () => { for (;;) {} }); setInterval(() => {}, 1000)",
      500,
    ],
    [
      'hangs while it exits',
      "process.on('SIGTERM', () => process.exit()); process.on('exit', () => { for (;;) {} }); setInterval(() => {}, 1000)",
      500,
    ],
  ])('when the parent of a child that %s dies, then the child ends', async (_, code, afterMs) => {
    const pid = await orphan(code, afterMs)
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 50))
  })
})
