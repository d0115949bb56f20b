import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { isAlive } from '@repo/azurite'
import { temporaryFolders } from '@repo/testing'
import { type App, startApp } from '../src/app.js'
import { Lifetime } from '../src/lifetime.js'
import { findFreePort } from '../src/ports.js'

const temporaryFolder = temporaryFolders()
let main = ''

beforeEach(async () => {
  main = join(await temporaryFolder(), 'main.mjs')
})

const SERVER = `
  import { createServer } from 'node:http'
  const server = createServer((request, response) => response.end())
  server.listen(Number(process.env.PORT), process.env.HOST)`

async function start(program: string, port?: number): Promise<{ app: App; printed: () => string }> {
  await writeFile(main, program)
  let printed = ''
  const app = startApp({
    ...{ main, host: '127.0.0.1', modelFolder: '/model', environment: {}, lifetime: new Lifetime() },
    port: port ?? (await findFreePort(0, '127.0.0.1')),
    onOutput: (chunk) => {
      printed += chunk
    },
  })
  return { app, printed: () => printed }
}

describe('startApp', () => {
  test('when the app answers at /readyz, then it is ready, and what it prints is passed on', async () => {
    const { app, printed } = await start(`${SERVER}
      console.log('booting')
      process.on('SIGTERM', () => { console.log('bye', process.env.MODEL_DIR); process.exit(0) })`)
    expect(await app.ready()).toBeUndefined()
    expect((await fetch(app.url)).status).toBe(200)
    await app.stop()
    expect((await app.ended).how).toBe('exit code 0')
    expect(printed()).toBe('bye /model\n')
  })

  test('when the app ends before it is ready, then its last words are at hand', async () => {
    const { app } = await start(`console.error('no model here'); process.exitCode = 3`)
    expect(await app.ready()).toEqual({ how: 'exit code 3', lastOutput: 'no model here', portTaken: false })
  })

  test('when somebody else has the port, then its end says so', async () => {
    const taken = createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { app } = await start(SERVER, (taken.address() as { port: number }).port)
    const end = await Promise.race([app.ended, app.ready()])
    expect(end?.portTaken).toBe(true)
    await new Promise((resolve) => taken.close(resolve))
  })

  test('when the app ignores the request to end, then it is ended after the grace time', async () => {
    const { app } = await start(`${SERVER}
      process.on('SIGTERM', () => {})`)
    await app.ready()
    await app.stop(100)
    expect((await app.ended).how).toBe('SIGKILL')
  })

  test('when the app ends, then the helpers that it has started end too', async () => {
    const { app, printed } = await start(`${SERVER}
      import { spawn } from 'node:child_process'
      const helper = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })
      process.on('SIGTERM', () => { console.log(helper.pid); process.exit(0) })`)
    await app.ready()
    await app.stop()
    const helper = Number(printed())
    expect(helper).toBeGreaterThan(0)
    while (isAlive(helper)) await new Promise((resolve) => setTimeout(resolve, 20))
  })
})
