import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { readBundle, sha256, verifyBundle } from '@repo/model-bundle'
import { describeWithAssets, temporaryFolders } from '@repo/testing'
import {
  type CatalogueModel,
  catalogue,
  fetchModel,
  openStore,
  type Progress,
  publishModel,
} from '../src/index.js'
import { FileServer } from './helpers/file-server.js'

const temporaryFolder = temporaryFolders()
const server = new FileServer()
beforeAll(() => server.start())
afterAll(() => server.stop())
beforeEach(() => server.reset())

const data = randomBytes(3_000_000)
const lines = Buffer.from(`${Array.from({ length: 1000 }, (_, index) => `label ${index}`).join('\n')}\n`)
const map = Buffer.from(
  JSON.stringify(Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [index, `label ${index}`]))),
)

/** An entry like the real ones, with bytes that a test can have. */
const model: CatalogueModel = {
  id: 'test-model',
  title: 'A test model',
  path: 'vision/test-model-12.onnx',
  bytes: data.length,
  sha256: sha256(data),
  input: { name: 'input', shape: ['N', 3, 224, 224] },
  output: { name: 'output', shape: ['N', 1000], kind: 'logits' },
  preset: 'imagenet',
  labels: {
    path: 'vision/test-labels.txt',
    format: 'lines',
    expected: { bytes: lines.length, sha256: sha256(lines) },
  },
  top1: 70.1,
  top5: 90.2,
  license: 'MIT',
}
const withMap: CatalogueModel = {
  ...model,
  id: 'test-model-with-map',
  labels: { path: 'vision/labels_map.txt', format: 'json-map' },
}
const entries = catalogue as CatalogueModel[]
beforeAll(() => {
  entries.push(model, withMap)
})
afterAll(() => {
  entries.splice(-2)
})

async function folders() {
  const folder = await temporaryFolder()
  return { cacheFolder: join(folder, 'cache'), target: join(folder, 'bundle') }
}
const fetchTest = (places: { cacheFolder: string; target: string }, more = {}) =>
  fetchModel('test-model', { ...places, baseUrl: server.url, ...more })

function serveAll() {
  server.files.set(model.path, data)
  server.files.set(model.labels.path, lines)
  server.files.set(withMap.labels.path, map)
}

describe('the catalogue', () => {
  const real = catalogue.filter(({ id }) => !id.startsWith('test-'))

  test('when it is read, then it holds the eight models with all that a manifest needs', () => {
    expect(real).toHaveLength(8)
    expect(new Set(real.map(({ id }) => id)).size).toBe(8)
    for (const { id, path, sha256, bytes, output } of real) {
      expect(path).toBe(`validated/vision/classification/${path.split('/')[3]}/model/${id}.onnx`)
      expect(sha256).toMatch(/^[0-9a-f]{64}$/)
      expect(bytes).toBeGreaterThan(1_000_000)
      expect(output.shape.at(-1)).toBe(1000)
    }
  })
})

describe('fetchModel', () => {
  test('when nothing is cached, then model and labels are downloaded and the bundle is complete', async () => {
    serveAll()
    const places = await folders()
    const reports: Progress[] = []
    const onProgress = (progress: Progress) => reports.push(progress)
    const fetched = await fetchTest(places, { onProgress })
    expect(fetched).toEqual({
      folder: places.target,
      name: 'test-model',
      version: '1.0.0',
      downloadedBytes: data.length + lines.length,
    })
    const { manifest, labels } = await verifyBundle(places.target)
    expect(labels[999]).toBe('label 999')
    expect(manifest).toMatchObject({
      name: 'test-model',
      version: '1.0.0',
      license: 'MIT',
      input: { name: 'input', width: 224, resize: { mode: 'short-side', shortSide: 256 } },
      output: { name: 'output', kind: 'logits' },
      metrics: { top1: 70.1, top5: 90.2, samples: 50_000 },
    })
    expect((await readdir(places.cacheFolder)).sort()).toEqual(['test-labels.txt', 'test-model-12.onnx'])
    expect(reports.at(-1)).toMatchObject({ step: 'download', doneBytes: data.length + lines.length })
  })

  test('when everything is cached, then no network is needed, and the bundle is the same one', async () => {
    serveAll()
    const places = await folders()
    await fetchTest(places)
    server.reset()
    const other = { ...places, target: join(await temporaryFolder(), 'bundle') }
    expect(await fetchTest(other)).toMatchObject({ downloadedBytes: 0 })
    expect(server.requests).toEqual([])
    const [one, two] = [await readBundle(places.target), await readBundle(other.target)]
    expect(two.manifestSha256).toBe(one.manifestSha256)
    const store = openStore(`file://${join(await temporaryFolder(), 'store')}`)
    await publishModel(store, places.target)
    expect(await publishModel(store, other.target)).toMatchObject({ alreadyThere: true })
  })

  test('when the bundle is there already, then not even the cache is needed', async () => {
    serveAll()
    const places = await folders()
    await fetchTest(places)
    server.reset()
    const elsewhere = { ...places, cacheFolder: join(await temporaryFolder(), 'empty') }
    expect(await fetchTest(elsewhere)).toMatchObject({ folder: places.target, downloadedBytes: 0 })
    expect(server.requests).toEqual([])
  })

  test('when the cache was filled by hand and is read-only, then it is used as it is', async () => {
    const places = await folders()
    await mkdir(places.cacheFolder)
    await writeFile(join(places.cacheFolder, 'test-model-12.onnx'), data, { mode: 0o444 })
    await writeFile(join(places.cacheFolder, 'test-labels.txt'), lines, { mode: 0o444 })
    await chmod(places.cacheFolder, 0o555)
    await fetchTest(places)
    await verifyBundle(places.target)
    expect(await readdir(places.cacheFolder)).toHaveLength(2)
    expect(server.requests).toEqual([])
    await chmod(places.cacheFolder, 0o755)
  })

  test('when labels are a map, then they become one a line', async () => {
    serveAll()
    const places = await folders()
    await fetchModel('test-model-with-map', { ...places, baseUrl: server.url })
    expect(await readFile(join(places.target, 'labels.txt'))).toEqual(lines)
  })

  test.each([
    ['not JSON', '<html>Sign in to the hotel network</html>'],
    ['incomplete', JSON.stringify({ 0: 'tench' })],
    ['without a label', map.toString().replace('"label 7"', '""')],
    ['with other keys', map.toString().replace('"999":', '"x":')],
  ])('when the map of labels is %s, then it is refused and not kept', async (_, text) => {
    serveAll()
    server.files.set(withMap.labels.path, Buffer.from(text))
    const places = await folders()
    await expect(fetchModel('test-model-with-map', { ...places, baseUrl: server.url })).rejects.toMatchObject(
      {
        code: 'integrity',
        message: expect.stringContaining('a label for each class from "0" to "999"'),
      },
    )
    expect(await readdir(places.cacheFolder)).toEqual(['test-model-12.onnx'])
  })

  test('when the id is unknown, then the error lists what there is', async () => {
    await expect(fetchModel('resnet-9000', await folders())).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/no model "resnet-9000".*mobilenetv2-12-int8.*resnet152-v2-7/),
    })
  })
})

describe('a download', () => {
  test('when the connection breaks, then it goes on where it was', async () => {
    serveAll()
    let breaks = 2
    server.fault = (request, response) => {
      if (!request.url?.endsWith('.onnx') || breaks-- <= 0) return false
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
      response.writeHead(start ? 206 : 200, {
        'content-length': data.length - start,
        ...(start ? { 'content-range': `bytes ${start}-${data.length - 1}/${data.length}` } : {}),
      })
      response.write(data.subarray(start, start + 1_000_000), () => response.destroy())
      return true
    }
    const places = await folders()
    const fetched = await fetchTest(places)
    await verifyBundle(places.target)
    expect(fetched.downloadedBytes).toBe(data.length + lines.length)
    expect(server.requests.slice(0, 3)).toEqual([
      `GET ${model.path}`,
      expect.stringMatching(/bytes=\d+-$/),
      expect.stringMatching(/bytes=\d+-$/),
    ])
  })

  test('when it is cancelled, then the next run asks for the rest only', async () => {
    serveAll()
    const places = await folders()
    const abort = new AbortController()
    server.fault = (request, response) => {
      if (request.headers.range) return false
      response.writeHead(200, { 'content-length': data.length })
      response.write(data.subarray(0, 2_000_000))
      return true
    }
    const onProgress = ({ doneBytes }: Progress) => {
      if (doneBytes === 2_000_000) abort.abort(new Error('enough'))
    }
    await expect(fetchTest(places, { signal: abort.signal, onProgress })).rejects.toThrow('enough')
    expect(await readdir(places.cacheFolder)).toEqual([expect.stringContaining('part')])
    expect(await readdir(join(places.target, '..'))).toEqual(['cache'])
    server.fault = () => false
    expect(await fetchTest(places)).toMatchObject({ downloadedBytes: 1_000_000 + lines.length })
    expect(server.requests).toContain(`GET ${model.path} bytes=2000000-`)
    await verifyBundle(places.target)
  })

  test('when the server sends everything again instead of the rest, then that is taken', async () => {
    serveAll()
    server.ignoresRanges = true
    let isFirst = true
    server.fault = (_request, response) => {
      if (!isFirst) return false
      isFirst = false
      response.writeHead(200, { 'content-length': data.length })
      response.write(data.subarray(0, 500_000), () => response.destroy())
      return true
    }
    const places = await folders()
    await fetchTest(places)
    await verifyBundle(places.target)
  })

  test('when what an earlier run left is of another file, then it is thrown away', async () => {
    serveAll()
    const places = await folders()
    await mkdir(places.cacheFolder)
    // Made by a process long gone, on any machine.
    const part = join(places.cacheFolder, '.test-model-12.onnx~part~elsewhere~1~abc')
    await writeFile(part, randomBytes(1_000_000))
    const { utimes } = await import('node:fs/promises')
    await utimes(part, 0, 0)
    await fetchTest(places)
    await verifyBundle(places.target)
    expect(server.requests.slice(0, 2)).toEqual([`GET ${model.path} bytes=1000000-`, `GET ${model.path}`])
    expect((await readdir(places.cacheFolder)).sort()).toEqual(['test-labels.txt', 'test-model-12.onnx'])
  })

  test('when the content is not the expected one, then it is refused and nothing is kept', async () => {
    serveAll()
    const wrong = Buffer.from(data)
    wrong[0] = (wrong[0] ?? 0) ^ 1
    server.files.set(model.path, wrong)
    const places = await folders()
    await expect(fetchTest(places)).rejects.toMatchObject({
      code: 'integrity',
      message: expect.stringMatching(
        new RegExp(`test-model-12.onnx is not .* expected SHA-256 ${model.sha256}, found ${sha256(wrong)}`),
      ),
    })
    expect(await readdir(places.cacheFolder)).toEqual([])
    expect(await readdir(join(places.target, '..'))).toEqual(['cache'])
  })

  test.each([
    ['shorter', data.subarray(0, 1000)],
    ['longer', Buffer.concat([data, data])],
  ])('when the file there is %s, then it is refused', async (_, other) => {
    serveAll()
    server.files.set(model.path, other)
    await expect(fetchTest(await folders())).rejects.toMatchObject({ code: 'integrity' })
  })

  test('when a wrong file lies in the cache, then it is replaced by the right one', async () => {
    serveAll()
    const places = await folders()
    await mkdir(places.cacheFolder)
    await writeFile(join(places.cacheFolder, 'test-model-12.onnx'), 'something else')
    await fetchTest(places)
    await verifyBundle(places.target)
  })

  test('when there is no network, then the error names the file to put there by hand', async () => {
    const places = await folders()
    await expect(fetchTest(places, { baseUrl: 'http://127.0.0.1:1/' })).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(
        new RegExp(`Run it again when the network is there .* or put the file at ${places.cacheFolder}`),
      ),
    })
    expect(await readdir(places.cacheFolder)).toEqual([])
  })

  test.each([
    [404, 'not-found'],
    [403, 'access'],
    [500, 'unreachable'],
  ])('when the server answers %d, then the error is %s', async (status, code) => {
    server.fault = (_request, response) => {
      response.writeHead(status).end()
      return true
    }
    await expect(fetchTest(await folders())).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`the server answered ${status}`),
    })
  })

  test('when the address is not one of the web, then that is wrong usage', async () => {
    await expect(fetchTest(await folders(), { baseUrl: 'ftp://example.com' })).rejects.toMatchObject({
      code: 'usage',
    })
  })

  test('when the cache cannot be written, then the error is one of the disk', async () => {
    serveAll()
    const places = { ...(await folders()), cacheFolder: '/sys/ai-app-test' }
    await expect(fetchTest(places)).rejects.toMatchObject({ code: 'disk' })
  })

  test('when two fetch into one cache at once, then both end well', async () => {
    serveAll()
    const places = await folders()
    const other = { ...places, target: join(await temporaryFolder(), 'bundle') }
    await Promise.all([fetchTest(places), fetchTest(other)])
    await verifyBundle(places.target)
    await verifyBundle(other.target)
    expect((await readdir(places.cacheFolder)).sort()).toEqual(['test-labels.txt', 'test-model-12.onnx'])
  })
})

describeWithAssets('a real model of the catalogue', (assets) => {
  test('when the seeded cache is used, then the bundle is complete', async () => {
    const { target } = await folders()
    await fetchModel('mobilenetv2-12-int8', { cacheFolder: join(assets, 'models'), target })
    const { manifest, labels } = await verifyBundle(target)
    expect(labels).toHaveLength(1000)
    expect(labels[285]).toBe('n02124075 Egyptian cat')
    expect(manifest.metrics?.top1).toBe(68.3)
  })

  test('when it is downloaded and the download is killed, then it is resumed', async () => {
    const places = await folders()
    const entry = catalogue.find(({ id }) => id === 'mobilenetv2-12-int8')
    const { path = '', labels } = entry ?? {}
    const bytes = await readFile(join(assets, 'models', 'mobilenetv2-12-int8.onnx'))
    server.files.set(path, bytes)
    await mkdir(places.cacheFolder)
    await copyFile(join(assets, 'models', 'synset.txt'), join(places.cacheFolder, 'synset.txt'))
    expect(labels?.path).toContain('synset.txt')
    server.fault = (request, response) => {
      if (request.headers.range) return false
      response.writeHead(200, { 'content-length': bytes.length })
      response.write(bytes.subarray(0, 3_500_000))
      return true
    }
    const { spawn } = await import('node:child_process')
    const options = { ...places, baseUrl: server.url }
    const script = `
      import { fetchModel } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)}
      await fetchModel('mobilenetv2-12-int8', ${JSON.stringify(options)})`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' })
    const written = async () => {
      const part = (await readdir(places.cacheFolder)).find((name) => name.includes('part'))
      return part ? (await stat(join(places.cacheFolder, part)).catch(() => undefined))?.size : 0
    }
    // It writes in blocks of 2 MiB.
    while (!(Number(await written()) >= 2 << 20)) await new Promise((resolve) => setTimeout(resolve, 10))
    child.kill('SIGKILL')
    await once(child, 'exit')
    server.fault = () => false
    const fetched = await fetchModel('mobilenetv2-12-int8', options)
    expect(fetched.downloadedBytes).toBe(bytes.length - (2 << 20))
    await verifyBundle(places.target)
  })
})
