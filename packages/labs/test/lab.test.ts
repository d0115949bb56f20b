import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from '@jest/globals'
import { launch } from '@repo/inference/launch'
import { promoteModel, publishModel } from '@repo/model-loader'
import { sampleBundles } from '@repo/sample-model'
import { temporaryFolders } from '@repo/testing'
import { findings, type Lab } from '../src/lab.js'
import { labs } from '../src/labs/index.js'
import { Workbench } from '../src/workbench.js'
import { environmentWith } from './env.js'

const temporaryFolder = temporaryFolders()
const root = fileURLToPath(new URL('../../..', import.meta.url))
const ended: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ended.splice(0)) await end()
})

/** Runs a program of Node to its end. */
async function node(args: string[], settings: Record<string, string> = {}) {
  const child = spawn(process.execPath, args, { cwd: root, env: environmentWith(settings) })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, output }
}

const lab = (args: string[], settings: Record<string, string>) =>
  node([join(root, 'packages/labs/bin/lab.js'), ...args], settings)

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** The app with the sample model, as learners start it. */
async function startApp(): Promise<string> {
  const port = await freePort()
  const settings = {
    PORT: String(port),
    HOST: '127.0.0.1',
    MODEL_DIR: sampleBundles[0] ?? '',
    LOG_LEVEL: 'silent',
  }
  const child = spawn(process.execPath, [...launch.nodeArguments, launch.main], {
    env: environmentWith({ ...launch.environment, ...settings }),
    stdio: 'ignore',
  })
  ended.push(async () => {
    child.kill('SIGTERM')
    await new Promise((resolve) => child.once('exit', resolve))
  })
  const url = `http://127.0.0.1:${port}`
  for (;;) {
    const status = await fetch(`${url}/readyz`).then(
      (answer) => answer.status,
      () => 0,
    )
    if (status === 200) return url
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const done = async (number: number, bench: Workbench) =>
  (await findings(labs[number - 1] as Lab, bench)).map(({ isDone }) => isDone)

test('when asked for the labs, then there are eight', async () => {
  const { code, output } = await lab(['list'], { LOCAL_STATE_DIR: await temporaryFolder() })
  expect(code).toBe(0)
  expect(output.trim().split('\n')).toHaveLength(8)
})

test.each([[['check', '9']], [['start']], [['begin', '1']], [[]]])(
  'when the command is %j, then it is wrong usage, and the help is shown',
  async (args) => {
    const { code, output } = await lab(args, { LOCAL_STATE_DIR: await temporaryFolder() })
    expect(code).toBe(2)
    expect(output).toContain('npm run lab -- list')
  },
)

test('when nothing was done yet, then no lab is done, and each check says what to do', async () => {
  const bench = new Workbench(root, await temporaryFolder(), `http://127.0.0.1:${await freePort()}`)
  // Not lab 4, which looks at this machine's images, nor lab 6, which looks at this checkout.
  for (const one of labs.filter((_, index) => ![3, 5].includes(index))) {
    for (const { hint, found, isDone } of await findings(one, bench)) {
      expect(isDone).toBe(false)
      expect([hint, found]).not.toContain('')
    }
  }
})

test('when lab 1 was done, then its checks see it in the running app', async () => {
  const bench = new Workbench(root, await temporaryFolder(), await startApp())
  expect(await done(1, bench)).toEqual([true, false, false, false])
  const image = await readFile(join(sampleBundles[0] ?? '', 'samples/00-ankle-boot.png'))
  const post = (path: string, type: string, body: Buffer | string) =>
    fetch(bench.url + path, { method: 'POST', headers: { 'content-type': type }, body })
  await post('/score', 'image/png', image)
  await post('/score', 'image/png', 'no image')
  const inputs = [{ name: 'input', shape: [1], datatype: 'BYTES', data: [image.toString('base64')] }]
  await post('/v2/models/fashion-mnist/infer', 'application/json', JSON.stringify({ inputs }))
  expect(await done(1, bench)).toEqual([true, true, true, true])
})

test('when lab 2 is started, done and started again, then the checks are red, green and red', async () => {
  const state = await temporaryFolder()
  const bench = new Workbench(root, state, 'http://127.0.0.1:1')
  await lab(['start', '2'], { LOCAL_STATE_DIR: state })
  expect(await done(2, bench)).toEqual([false, false])
  await publishModel(bench.store, sampleBundles[1] ?? '')
  expect(await done(2, bench)).toEqual([true, false])
  for (const version of ['1.0.0', '2.0.0']) await promoteModel(bench.store, 'fashion-mnist', version)
  expect(await done(2, bench)).toEqual([true, true])
  expect((await lab(['check', '2'], { LOCAL_STATE_DIR: state })).code).toBe(0)
  await lab(['start', '2'], { LOCAL_STATE_DIR: state })
  expect(await done(2, bench)).toEqual([false, false])
  expect((await lab(['check', '2'], { LOCAL_STATE_DIR: state })).code).toBe(1)
})

test('when lab 6 is started where no lab was before, then there is a place for the plan', async () => {
  const state = await temporaryFolder()
  expect((await lab(['start', '6'], { LOCAL_STATE_DIR: state })).code).toBe(0)
  expect(existsSync(join(state, 'lab'))).toBe(true)
})
