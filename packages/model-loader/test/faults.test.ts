import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type Azurite, startAzurite } from '@repo/azurite'
import { sha256, verifyBundle } from '@repo/model-bundle'
import { temporaryFolders } from '@repo/testing'
import { S3StandIn } from '@repo/testing/s3-stand-in'
import { downloadFile, Slots } from '../src/download-file.js'
import {
  listModels,
  type ModelStore,
  modelHistory,
  openStore,
  publishModel,
  pullModel,
} from '../src/index.js'
import { isLong } from './env.js'
import { writeBundle } from './helpers/bundles.js'
import { type Fault, FaultProxy } from './helpers/fault-proxy.js'
import { azuriteStore, describeStores, folderStore, s3Store, type TestStore } from './helpers/stores.js'

const temporaryFolder = temporaryFolders()
const LARGE_BYTES = 5_000_000
const retry = { tries: 4, firstWaitMs: 1, maxWaitMs: 5, stallMs: 300 }

async function bundle(version: string, bytes = LARGE_BYTES) {
  const folder = await temporaryFolder()
  await writeBundle(folder, { version, files: { 'model.onnx': randomBytes(bytes) } })
  return folder
}

interface Spoilt {
  plain: TestStore
  /** The same store by way of the proxy. */
  store: ModelStore
  proxy: FaultProxy
}

function describeSpoilt(title: string, body: (open: () => Promise<Spoilt>) => void): void {
  describe(`${title}, Azure Blob (Azurite)`, () => {
    let azurite: Azurite
    let proxy: FaultProxy
    beforeAll(async () => {
      azurite = await startAzurite()
      proxy = new FaultProxy(azurite.port)
      await proxy.start()
    })
    afterAll(async () => {
      await proxy.stop()
      await azurite.stop()
    })
    beforeEach(() => proxy.reset())
    body(async () => {
      const plain = await azuriteStore(azurite)
      const url = plain.url.replace(`:${azurite.port}/`, `:${proxy.port}/`)
      return { plain, proxy, store: openStore(url, { retry }) }
    })
  })
  describe(`${title}, S3 (stand-in)`, () => {
    const s3 = new S3StandIn()
    let proxy: FaultProxy
    beforeAll(async () => {
      await s3.start()
      proxy = new FaultProxy(Number(new URL(s3.url).port))
      await proxy.start()
    })
    afterAll(async () => {
      await proxy.stop()
      await s3.stop()
    })
    beforeEach(() => proxy.reset())
    body(async () => {
      const plain = s3Store(s3)
      const s3Endpoint = `http://127.0.0.1:${proxy.port}`
      return { plain, proxy, store: openStore(plain.url, { s3Endpoint, retry }) }
    })
  })
}

/** Takes nothing for a stall, however busy the machine: for tests that count what is asked for. */
function beUnhurried(store: ModelStore): void {
  Object.assign((store as unknown as { place: object }).place, { retry: { ...retry, stallMs: 60_000 } })
}

const somewhere = () => Math.floor(Math.random() * (2 << 20))
const PASSING: [string, () => Fault][] = [
  ['a connection reset at any byte', () => ({ kind: 'reset', at: somewhere() })],
  ['a lost request', () => ({ kind: 'lost', what: 'request' })],
  ['a lost answer', () => ({ kind: 'lost', what: 'answer' })],
  ['a stalled stream', () => ({ kind: 'stall', at: somewhere() })],
  [
    'a body cut short, with a wrong length',
    () => ({ kind: 'truncate', at: somewhere(), rightLength: false }),
  ],
  ['a body cut short, with a right length', () => ({ kind: 'truncate', at: somewhere(), rightLength: true })],
  ['429', () => ({ kind: 'status', status: 429 })],
  ['429 with Retry-After', () => ({ kind: 'status', status: 429, retryAfter: '0' })],
  ['500', () => ({ kind: 'status', status: 500 })],
  ['500 with Retry-After', () => ({ kind: 'status', status: 500, retryAfter: '0' })],
  ['503', () => ({ kind: 'status', status: 503 })],
  ['503 with Retry-After', () => ({ kind: 'status', status: 503, retryAfter: '1' })],
]
const isData = (url = '') => url.includes('model.onnx')

/** From here on notes at which byte each request for the model begins. */
function noteStarts(proxy: FaultProxy): number[] {
  const starts: number[] = []
  proxy.reset()
  proxy.fault = ({ url, headers }) => {
    const range = String(headers.range ?? headers['x-ms-range'])
    if (isData(url)) starts.push(Number(/bytes=(\d+)-/.exec(range)?.[1] ?? 0))
    return undefined
  }
  return starts
}

describeSpoilt('faults with', (open) => {
  test.each(PASSING)('when a pull meets %s, then it gets over it', async (_, fault) => {
    const { plain, store, proxy } = await open()
    await publishModel(plain.store, await bundle('1.0.0'))
    const target = join(await temporaryFolder(), 'model')
    // Each thing that is asked for is spoilt once; of small answers only what does not make them other answers.
    const seen = new Set<string>()
    proxy.fault = ({ url, headers }) => {
      const key = `${url} ${headers.range ?? headers['x-ms-range'] ?? ''}`
      if (seen.has(key)) return undefined
      seen.add(key)
      const made = fault()
      return made.kind === 'truncate' && made.rightLength && !isData(url) ? undefined : made
    }
    await pullModel(store, 'clothes', target)
    expect((await verifyBundle(target)).manifest.version).toBe('1.0.0')
    expect(await readdir(join(target, '..'))).toEqual(['model'])
  })

  test('when resets come at any byte of any request, then publish and pull end well', async () => {
    const { store, proxy } = await open()
    proxy.fault = () => {
      const chance = Math.random()
      if (chance < 0.1) return { kind: 'lost', what: 'answer' }
      if (chance < 0.2) return { kind: 'cut', at: somewhere() }
      return chance < 0.3 ? { kind: 'reset', at: somewhere() } : undefined
    }
    let last = ''
    for (let round = 0; round < (isLong ? 50 : 8); round++) {
      last = `1.${round}.0`
      const folder = await bundle(last)
      await publishModel(store, folder).catch(() => publishModel(store, folder))
    }
    proxy.reset()
    expect((await listModels(store)).find(({ latest }) => latest)?.version).toBe(last)
    const history = (await modelHistory(store, 'clothes')).reverse()
    for (const [index, { from }] of history.entries()) expect(from).toBe(history[index - 1]?.to)
    await pullModel(store, 'clothes', join(await temporaryFolder(), 'model'))
  })

  test('when the network stays down, then the old model stays, and the retry downloads only what is missing', async () => {
    const { plain, store, proxy } = await open()
    const target = join(await temporaryFolder(), 'model')
    await publishModel(plain.store, await bundle('1.0.0'))
    await pullModel(store, 'clothes', target)
    await publishModel(plain.store, await bundle('2.0.0', 40_000_000))
    beUnhurried(store)
    let asked = 0
    proxy.fault = ({ url }) => {
      if (!isData(url)) return undefined
      return ++asked > 1 ? { kind: 'status', status: 503 } : { kind: 'reset', at: 16 << 20 }
    }
    await expect(pullModel(store, 'clothes', target)).rejects.toMatchObject({ code: 'unreachable' })
    expect((await verifyBundle(target)).manifest.version).toBe('1.0.0')
    const starts = noteStarts(proxy)
    const { downloadedBytes } = await pullModel(store, 'clothes', target)
    expect(downloadedBytes).toBeLessThan(40_000_000 - 8_000_000)
    expect(Math.min(...starts)).toBe(40_000_000 - downloadedBytes)
    expect((await verifyBundle(target)).manifest.version).toBe('2.0.0')
    expect(await readdir(join(target, '..'))).toEqual(['model'])
  })

  test('when resets come while a file is read in ranges, then it comes whole', async () => {
    const { plain, store, proxy } = await open()
    const data = randomBytes(30_000_000)
    await plain.put('a/data', data)
    beUnhurried(store)
    proxy.fault = () => (Math.random() < 0.3 ? { kind: 'reset', at: 4 * somewhere() } : undefined)
    const to = join(await temporaryFolder(), 'data')
    await downloadFile({
      ...{ store, key: 'a/data', to, slots: new Slots(), quick: Number.POSITIVE_INFINITY },
      ...{
        file: { bytes: data.length, sha256: sha256(data) },
        onBytes: () => {},
        wrong: () => new Error() as never,
      },
      signal: new AbortController().signal,
    })
    expect((await readFile(to)).equals(data)).toBe(true)
  })

  test('when bytes are corrupted, or the object changes meanwhile, then the old model stays', async () => {
    const { plain, store, proxy } = await open()
    const target = join(await temporaryFolder(), 'model')
    await publishModel(plain.store, await bundle('1.0.0'))
    await pullModel(store, 'clothes', target)
    await publishModel(plain.store, await bundle('2.0.0'))
    const good = (await plain.store.read('clothes/2.0.0/model.onnx'))?.data ?? Buffer.alloc(0)
    proxy.fault = ({ url }) => (isData(url) ? { kind: 'corrupt', at: somewhere() } : undefined)
    await expect(pullModel(store, 'clothes', target)).rejects.toMatchObject({ code: 'integrity' })
    let isChanged = false
    proxy.fault = ({ url }) => {
      if (isData(url) && !isChanged) void plain.put('clothes/2.0.0/model.onnx', randomBytes(LARGE_BYTES))
      isChanged ||= isData(url)
      return undefined
    }
    // All ranges may have been asked for before the change, which is as good.
    await pullModel(store, 'clothes', target).catch(({ code }) => expect(code).toBe('integrity'))
    const { manifest } = await verifyBundle(target)
    expect(['1.0.0', '2.0.0']).toContain(manifest.version)
    proxy.reset()
    await plain.put('clothes/2.0.0/model.onnx', good)
    await pullModel(store, 'clothes', target)
    expect((await verifyBundle(target)).manifest.version).toBe('2.0.0')
  })

  test('when the time is up in the middle, then the old model stays and the next pull goes on', async () => {
    const { plain, store, proxy } = await open()
    const target = join(await temporaryFolder(), 'model')
    await publishModel(plain.store, await bundle('1.0.0', 10_000_000))
    proxy.fault = ({ url }) => (isData(url) ? { kind: 'stall', at: 4 << 20 } : undefined)
    beUnhurried(store)
    const pulling = pullModel(store, 'clothes', target, { signal: AbortSignal.timeout(1_000) })
    await expect(pulling).rejects.toMatchObject({ name: 'TimeoutError' })
    const starts = noteStarts(proxy)
    await pullModel(store, 'clothes', target)
    expect(Math.min(...starts)).toBeGreaterThan(1_000_000)
    expect(await readdir(join(target, '..'))).toEqual(['model'])
  })
})

test('when the name of the store does not exist, then it is unreachable at once', async () => {
  const store = openStore('s3://bucket', { s3Endpoint: 'http://store.invalid' })
  await expect(pullModel(store, 'clothes', join(await temporaryFolder(), 'model'))).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
  })
})

/** Makes a folder a file system of 8 MB; a container's root may not be allowed to. */
function mountSmallDisk(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'disk-'))
  const isMounted = mountSmallDisk(folder)
  if (isMounted) execFileSync('umount', [folder])
  rmdirSync(folder)
  return isMounted
}
const isAllowed = canMount()
const diskTest = isAllowed ? test : test.skip
const why = isAllowed ? '' : ' [skipped: mounting a small disk is not allowed here]'
diskTest(`when the disk is full, then the old model stays, and nothing half-written does${why}`, async () => {
  const disk = await temporaryFolder()
  mountSmallDisk(disk)
  try {
    const { store } = folderStore(await temporaryFolder())
    const target = join(disk, 'model')
    await publishModel(store, await bundle('1.0.0', 1_000_000))
    await pullModel(store, 'clothes', target)
    await publishModel(store, await bundle('2.0.0', 20_000_000))
    await expect(pullModel(store, 'clothes', target)).rejects.toMatchObject({
      code: 'disk',
      message: expect.stringContaining('The disk is full'),
    })
    expect((await verifyBundle(target)).manifest.version).toBe('1.0.0')
    expect(await readdir(disk)).toEqual(['model'])
  } finally {
    execFileSync('umount', [disk])
  }
})

/** Over the three stores together. */
const PULLS = Math.ceil((isLong ? 10_000 : 1_000) / 3)
describeStores('readers and publishers at once in', temporaryFolder, (open) => {
  test(`when ${PULLS} pulls run while versions are published, then none gets a broken model`, async () => {
    const { store } = await open()
    const folders: string[] = []
    for (let version = 0; version < 6; version++) {
      const folder = await temporaryFolder()
      await writeBundle(folder, { version: `${version}.0.0` })
      folders.push(folder)
    }
    await publishModel(store, folders[0] ?? '')
    let isDone = false
    const publishing = (async () => {
      for (let round = 0; !isDone; round++) await publishModel(store, folders[round % folders.length] ?? '')
    })()
    let pulls = 0
    const reading = Array.from({ length: 8 }, async () => {
      const target = join(await temporaryFolder(), 'model')
      await mkdir(target)
      while (pulls++ < PULLS) {
        const { version } = await pullModel(store, 'clothes', target)
        expect((await verifyBundle(target)).manifest.version).toBe(version)
        expect(await readFile(join(target, 'model.onnx'), 'utf8')).toBe(`graph of ${version}`)
      }
    })
    await Promise.all(reading)
    isDone = true
    await publishing
  }, 600_000)
})
