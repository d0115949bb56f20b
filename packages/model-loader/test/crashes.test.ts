import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { verifyBundle } from '@repo/model-bundle'
import { temporaryFolders } from '@repo/testing'
import { listModels, promoteModel, publishModel, pullModel } from '../src/index.js'
import { isLong } from './env.js'
import { writeBundle } from './helpers/bundles.js'
import { describeStores, folderStore } from './helpers/stores.js'

const temporaryFolder = temporaryFolders()
/** Of pullers and of publishers, for each store. */
const KILLS = isLong ? 50 : 25
const KILLS_TIMEOUT_MS = 600_000
const HOST = hostname().replace(/[^A-Za-z0-9]/g, '_')
const library = new URL('../dist/index.js', import.meta.url).href

/** The id of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  return child.pid ?? 0
}

async function publishedStore(...versions: string[]) {
  const { store, url } = folderStore(await temporaryFolder())
  for (const version of versions) await publishModel(store, await bundle(version))
  return { store, url }
}

async function bundle(version: string, model?: Buffer) {
  const folder = await temporaryFolder()
  await writeBundle(folder, { version, ...(model && { files: { 'model.onnx': model } }) })
  return folder
}

/** Runs a script and kills it hard, so many milliseconds after it has printed something; it may have ended by then. */
async function runAndKill(script: string, env: Record<string, string>, afterMs: number): Promise<void> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const isReady = once(child.stdout, 'data').then(() => true)
  const didEnd = exited.then(() => false)
  if (!(await Promise.race([isReady, didEnd]))) throw new Error('the process ended before it was ready')
  await new Promise((resolve) => setTimeout(resolve, afterMs))
  child.kill('SIGKILL')
  await exited
}

describe('a pull after a crash', () => {
  test('when the one before died between the two renames, then the old model is found and used', async () => {
    const { store } = await publishedStore('1.0.0')
    const parent = await temporaryFolder()
    const target = join(parent, 'model')
    await pullModel(store, 'clothes', target)
    const pid = await deadPid()
    await rename(target, join(parent, `.model~old~${HOST}~${pid}~abc`))
    await mkdir(join(parent, `.model~new~${HOST}~${pid}~def`))
    await writeFile(join(parent, `.model~new~${HOST}~${pid}~def`, 'model.onnx'), 'half')
    expect(await pullModel(store, 'clothes', target)).toMatchObject({ changed: false })
    expect(await readdir(parent)).toEqual(['model'])
  })

  test('when a model is there and leftovers too, then the leftovers go and the model stays', async () => {
    const { store } = await publishedStore('1.0.0')
    const parent = await temporaryFolder()
    const target = join(parent, 'model')
    await pullModel(store, 'clothes', target)
    const pid = await deadPid()
    await mkdir(join(parent, `.model~old~${HOST}~${pid}~abc`))
    await mkdir(join(parent, `.model~new~${HOST}~${pid}~def`))
    await mkdir(join(parent, `.other~new~${HOST}~${pid}~def`))
    expect(await pullModel(store, 'clothes', target)).toMatchObject({ changed: false })
    expect((await readdir(parent)).sort()).toEqual([`.other~new~${HOST}~${pid}~def`, 'model'])
  })

  test('when another pull is at work, here or on another machine, then its folder is left alone', async () => {
    const { store } = await publishedStore('1.0.0')
    const parent = await temporaryFolder()
    const names = [`.model~new~${HOST}~${process.ppid}~abc`, '.model~new~elsewhere~1~abc']
    for (const name of names) await mkdir(join(parent, name))
    await pullModel(store, 'clothes', join(parent, 'model'))
    expect((await readdir(parent)).sort()).toEqual([...names, 'model'].sort())
  })
})

describe('a folder store and several processes', () => {
  test('when four processes promote at once, then no move is lost', async () => {
    const versions = Array.from({ length: 40 }, (_, index) => `${index}.0.0`)
    const { store, url } = await publishedStore(...versions)
    await promoteModel(store, 'clothes', '0.0.0')
    const script = `
      import { openStore, promoteModel } from ${JSON.stringify(library)}
      const [url, ...versions] = process.argv.slice(1)
      const store = openStore(url)
      for (const version of versions) {
        const { previous } = await promoteModel(store, 'clothes', version)
        console.log(version + ' ' + previous)
      }`
    const moves = await Promise.all(
      [0, 1, 2, 3].map(async (racer) => {
        const own = versions.slice(1).filter((_, index) => index % 4 === racer)
        const child = spawn(process.execPath, ['--input-type=module', '-e', script, url, ...own], {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        let printed = ''
        for await (const chunk of child.stdout) printed += chunk
        return printed.trim().split('\n')
      }),
    )
    // One chain from the start to the end: each version replaced exactly one other and was replaced once.
    const next = new Map(
      moves.flat().map((move) => {
        const [version = '', previous = ''] = move.split(' ')
        return [previous, version]
      }),
    )
    expect(next.size).toBe(39)
    let at = '0.0.0'
    for (let length = 0; length < 39; length++) at = next.get(at) ?? 'broken'
    expect((await listModels(store, 'clothes')).find(({ latest }) => latest)?.version).toBe(at)
  })
})

describeStores('processes killed at any moment', temporaryFolder, (open) => {
  test(
    `when ${KILLS} pulls are killed, then the next one finds the old or the new model`,
    async () => {
      const { store, url, env } = await open()
      for (const version of ['1.0.0', '2.0.0']) await publishModel(store, await bundle(version))
      const parent = await temporaryFolder()
      const target = join(parent, 'model')
      const script = `
      import { openStore, pullModel } from ${JSON.stringify(library)}
      const store = openStore(${JSON.stringify(url)})
      await store.head('clothes/latest.json')
      console.log('ready')
      for (let round = 0; ; round++) {
        await pullModel(store, 'clothes', ${JSON.stringify(target)}, { version: round % 2 ? '1.0.0' : '2.0.0' })
      }`
      for (let round = 0; round < KILLS; round++) {
        await runAndKill(script, env, Math.random() * 120)
        if ((await readdir(parent)).includes('model')) await verifyBundle(target)
        await pullModel(store, 'clothes', target)
        await verifyBundle(target)
        expect(await readdir(parent)).toEqual(['model'])
      }
    },
    KILLS_TIMEOUT_MS,
  )

  test(
    `when ${KILLS} publishers are killed, then what is listed can be pulled, and a retry ends well`,
    async () => {
      const { store, url, env } = await open()
      const folder = await bundle('1.0.0', Buffer.alloc(3_000_000, 'x'))
      await publishModel(store, await bundle('0.9.0'))
      const script = `
      import { openStore, publishModel } from ${JSON.stringify(library)}
      const store = openStore(${JSON.stringify(url)})
      await store.head('clothes/latest.json')
      console.log('ready')
      await publishModel(store, ${JSON.stringify(folder)})`
      for (let round = 0; round < KILLS; round++) {
        await runAndKill(script, env, Math.random() * 60)
        const versions = await listModels(store)
        expect(versions.filter(({ latest }) => latest)).toHaveLength(1)
        for (const { name, version, latest } of versions) {
          const target = join(await temporaryFolder(), 'model')
          await pullModel(store, name, target, latest ? {} : { version })
        }
      }
      await publishModel(store, folder)
      expect(await listModels(store)).toMatchObject([
        { version: '1.0.0', latest: true },
        { version: '0.9.0', latest: false },
      ])
    },
    KILLS_TIMEOUT_MS,
  )
})
