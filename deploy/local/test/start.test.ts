import { execFile } from 'node:child_process'
import { readdir, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { listModels, openStore, promoteModel, publishModel } from '@repo/model-loader'
import { sampleBundles, sampleModelName } from '@repo/sample-model'
import { temporaryFolders } from '@repo/testing'
import { killLeftovers, launch, processesOf, ready } from './launcher.js'

const temporaryFolder = temporaryFolders()
let stateFolder = ''

beforeEach(async () => {
  stateFolder = await temporaryFolder()
})

afterEach(async () => {
  await killLeftovers(stateFolder)
})

/** Every byte of every blob becomes 0. */
async function overwriteAll(data: string): Promise<void> {
  for (const name of await readdir(join(data, '__blobstorage__'))) {
    const path = join(data, '__blobstorage__', name)
    await writeFile(path, Buffer.alloc((await stat(path)).size))
  }
}

const storeUrl = (output: string) => /The model store is (\S+)/.exec(output)?.[1] ?? ''

describe('npm start', () => {
  test('when run the first time, then the printed curl command gets an answer in any folder', async () => {
    const launcher = launch({ stateFolder })
    const url = await ready(launcher)
    const [, command = ''] = await launcher.printed(/^ {2}(curl .*)$/m)
    await launcher.printed('Ctrl-C stops everything')
    const { stdout } = await promisify(execFile)('sh', ['-c', `${command} --silent`], {
      cwd: await temporaryFolder(),
    })
    expect(JSON.parse(stdout).result[0][0]).toHaveLength(3)
    expect((await fetch(`${url}/readyz`)).status).toBe(200)

    const models = await listModels(openStore(storeUrl(launcher.output())), sampleModelName)
    expect(models.map(({ version, latest }) => [version, latest])).toEqual([
      ['2.0.0', true],
      ['1.0.0', false],
    ])
    expect(await launcher.stop()).toBe(0)
    expect(processesOf(stateFolder)).toEqual([])
  })

  test('when run again, then it reuses what is there and serves what was promoted meanwhile', async () => {
    const first = launch({ stateFolder })
    await ready(first)
    await first.printed('Published fashion-mnist 1.0.0 and 2.0.0')
    await first.printed('Ctrl-C')
    await promoteModel(openStore(storeUrl(first.output())), sampleModelName, '1.0.0')
    await first.stop()

    const second = launch({ stateFolder })
    await second.printed('The store holds fashion-mnist 1.0.0 and 2.0.0 already')
    await second.printed('serves fashion-mnist 1.0.0')
    expect(await second.stop()).toBe(0)
  })

  test('when the port is taken, then it says so and takes the next free one', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as { port: number }
    const launcher = launch({ stateFolder, environment: { PORT: String(port) } })
    const url = await ready(launcher)
    expect(Number(new URL(url).port)).toBeGreaterThan(port)
    expect(launcher.output()).toContain(`because port ${port} is taken`)
    await launcher.stop()
    await new Promise((resolve) => taken.close(resolve))
  })

  test('when started twice, then both use one Azurite, and each app ends with its own launcher', async () => {
    const first = launch({ stateFolder })
    const second = launch({ stateFolder })
    const [firstUrl, secondUrl] = await Promise.all([ready(first), ready(second)])
    expect(firstUrl).not.toBe(secondUrl)
    await Promise.all([first.printed('Ctrl-C'), second.printed('Ctrl-C')])
    expect(storeUrl(first.output())).toBe(storeUrl(second.output()))
    expect(first.output() + second.output()).toContain('Azurite of another npm start is in use')

    expect(await first.stop()).toBe(0)
    expect((await fetch(`${secondUrl}/readyz`)).status).toBe(200)
    expect(await second.stop()).toBe(0)
    expect(processesOf(stateFolder)).toEqual([])
  })

  test.each([
    [
      'its index is garbage',
      async (data: string) => writeFile(join(data, '__azurite_db_blob__.json'), '{"filen'),
    ],
    ['its files hold something else', overwriteAll],
  ])(
    "when the store's data is damaged because %s, then it is set aside and published again",
    async (_, damage) => {
      const first = launch({ stateFolder })
      await ready(first)
      await first.stop()
      await damage(join(stateFolder, 'azurite'))
      await rm(join(stateFolder, 'model'), { recursive: true })

      const second = launch({ stateFolder })
      await ready(second)
      expect(second.output()).toContain(join(stateFolder, 'azurite-damaged'))
      expect(second.output()).toContain('Published fashion-mnist 1.0.0 and 2.0.0')
      expect(await second.stop()).toBe(0)
    },
  )

  test('when a store is given, then no emulator runs, and a model that it lacks is an error with the next step', async () => {
    const store = `file://${await temporaryFolder()}`
    const empty = launch({ stateFolder, args: ['--store', store] })
    expect(await empty.ended).toBe(1)
    expect(empty.output()).toMatch(/^error: .*fashion-mnist has no latest version.*publish/m)

    await publishModel(openStore(store), sampleBundles[0]!)
    const filled = launch({ stateFolder, args: ['--store', store] })
    await ready(filled)
    expect(filled.output()).not.toContain('Azurite')
    expect(processesOf(stateFolder)).toHaveLength(2)
    expect(await filled.stop()).toBe(0)
  })
})

describe('errors', () => {
  test.each([
    ['an unknown option', ['--frobnicate'], 2, /^error: .*--frobnicate.*\nnext: See npm start -- --help$/m],
    [
      'an unknown catalogue id',
      ['--model', 'nonesuch'],
      1,
      /^error: .*nonesuch.*\nnext: .*mobilenetv2-12-int8/m,
    ],
    ['a store that cannot be', ['--store', 'ftp://x/y'], 1, /^error: .*no store for ftp/m],
  ])('when called with %s, then it says so in a line, with the next step', async (_, args, code, message) => {
    const launcher = launch({ stateFolder, args })
    expect(await launcher.ended).toBe(code)
    expect(launcher.output()).toMatch(message)
    expect(launcher.output()).not.toMatch(/^ +at /m)
    expect(processesOf(stateFolder)).toEqual([])
  })

  test('when the app ends by itself, then everything ends, with 1 and its last words', async () => {
    const launcher = launch({ stateFolder })
    await ready(launcher)
    const [app] = processesOf(stateFolder, 'inference/dist/bundle/main.js')
    process.kill(app!, 'SIGKILL')
    expect(await launcher.ended).toBe(1)
    expect(launcher.output()).toContain('The app ended unexpectedly (SIGKILL)')
    expect(processesOf(stateFolder)).toEqual([])
  })

  test('when the state folder cannot be written, then the error names it', async () => {
    await writeFile(join(stateFolder, 'file'), '')
    const launcher = launch({ stateFolder: join(stateFolder, 'file/below'), cwd: stateFolder })
    expect(await launcher.ended).toBe(1)
    expect(launcher.output()).toMatch(/^error: ENOTDIR.*file\/below/m)
  })
})
