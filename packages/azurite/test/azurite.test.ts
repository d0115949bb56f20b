import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { startAzurite } from '../src/index.js'

const temporaryFolder = temporaryFolders()

const answers = async (port: number) =>
  fetch(`http://127.0.0.1:${port}/devstoreaccount1?comp=list`).then(
    (response) => response.status === 403,
    () => false,
  )

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

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
