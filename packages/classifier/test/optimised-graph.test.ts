import { chmod, cp, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { temporaryFolders, writeColourBundle } from '@repo/testing'
import sharp from 'sharp'
import { cpuType, graphKey, keyName } from '../src/optimised-graph-key.js'
import { WorkerPool } from '../src/pool/pool.js'
import type { Prediction } from '../src/top-k.js'
import { classify, withPool } from './support.js'

const temporaryFolder = temporaryFolders()
// By its path: the package that bundles it depends on this one.
const sampleBundle = fileURLToPath(new URL('../../sample-model/bundles/fashion-mnist/2.0.0', import.meta.url))
/** An image of the sample model. */
const coat = () => readFile(join(sampleBundle, 'samples/05-coat.png'))

/** Starts a pool with this cache folder and has it classify an image. */
async function serve(
  cacheFolder: string,
  modelFolder = sampleBundle,
  image: Uint8Array | undefined = undefined,
) {
  const logs: string[] = []
  const graphCache = { folder: cacheFolder, log: (message: string) => logs.push(message) }
  const bytes = image ?? (await coat())
  const answer = await withPool(modelFolder, (pool) => classify(pool, bytes, 10), { graphCache })
  return { answer, logs: logs.join('\n') }
}

async function plainAnswer(modelFolder = sampleBundle, image: Uint8Array | undefined = undefined) {
  const bytes = image ?? (await coat())
  return withPool(modelFolder, (pool) => classify(pool, bytes, 10))
}

/** A cache with the sample model's graph, and what the plain graph answers. */
let original: string
let expected: Prediction[]
beforeAll(async () => {
  original = join(await temporaryFolder(), 'graphs')
  await serve(original)
  expected = await plainAnswer()
})

/** A copy of that cache. */
async function filledCache(): Promise<{ cache: string; entry: string }> {
  const cache = join(await temporaryFolder(), 'graphs')
  await cp(original, cache, { recursive: true })
  const [name] = await readdir(cache)
  return { cache, entry: join(cache, name as string) }
}

describe('a graph that is optimised for this machine', () => {
  test('when the cache is empty, then it is made, and the answers are those of the plain graph', async () => {
    const cache = join(await temporaryFolder(), 'graphs')
    const { answer, logs } = await serve(cache)
    expect(answer).toEqual(expected)
    expect(logs).toMatch(/^the graph was optimised for this machine: \S+$/)
    const [entry, ...others] = await readdir(cache)
    expect(others).toEqual([])
    expect((await readdir(join(cache, entry!))).sort()).toEqual(['graph.onnx', 'made.json', 'weights.bin'])
  })

  test('when it is there, then it is used as it is, without a word', async () => {
    const { cache, entry } = await filledCache()
    const before = await stat(join(entry, 'made.json'))
    const { answer, logs } = await serve(cache)
    expect(answer).toEqual(expected)
    expect(logs).toBe('')
    expect((await stat(join(entry, 'made.json'))).mtimeMs).toBe(before.mtimeMs)
  })

  test.each([
    { dtype: 'float32', layout: 'NCHW' },
    { dtype: 'uint8', layout: 'NHWC' },
  ] as const)('when a model without weights takes $dtype $layout, then it answers alike', async (input) => {
    const model = join(await temporaryFolder(), 'colours')
    await writeColourBundle(model, { input })
    const image = await sharp({
      create: { width: 20, height: 10, channels: 3, background: { r: 200, g: 100, b: 20 } },
    })
      .png()
      .toBuffer()
    const { answer, logs } = await serve(join(await temporaryFolder(), 'graphs'), model, image)
    expect(logs).toContain('the graph was optimised')
    expect(answer).toEqual(await plainAnswer(model, image))
  })

  test('when two start at the same time, then both serve and one graph is there', async () => {
    const cache = join(await temporaryFolder(), 'graphs')
    const served = await Promise.all([serve(cache), serve(cache)])
    for (const { answer } of served) expect(answer).toEqual(expected)
    expect(await readdir(cache)).toHaveLength(1)
  })

  test('when another ONNX Runtime or CPU made it, then it is not this name', () => {
    const key = graphKey('a'.repeat(64))
    const names = [
      key,
      { ...key, onnxRuntime: '1.0.0' },
      { ...key, cpu: 'another' },
      { ...key, arch: 'another' },
    ]
    expect(new Set(names.map(keyName)).size).toBe(4)
  })

  test.each([
    ['x86', 'processor\t: 0\nmodel name\t: A\nflags\t\t: fpu  avx2\n\nprocessor\t: 1\nmodel name\t: B\n'],
    ['ARM', 'processor\t: 0\nFeatures\t: fpu  avx2\nCPU part\t: A\n\nprocessor\t: 1\nCPU part\t: B\n'],
  ])('when the CPU is %s, then its first core says model and features', (_, text) => {
    expect(cpuType(text)).toContain(': fpu avx2')
    expect(cpuType(text)).toContain(': A')
    expect(cpuType(text)).not.toContain('B')
  })
})

describe('a graph in the cache that does not fit', () => {
  test.each<[string, RegExp, (entry: string) => Promise<void>]>([
    [
      'was made for another CPU',
      /made for another machine/,
      async (entry) => {
        const made = JSON.parse(await readFile(join(entry, 'made.json'), 'utf8'))
        made.key.cpu = 'another'
        await writeFile(join(entry, 'made.json'), JSON.stringify(made))
      },
    ],
    [
      'has too few weights',
      /weights.bin has another size/,
      (entry) => truncate(join(entry, 'weights.bin'), 100),
    ],
    [
      'has a damaged graph',
      /graph.onnx is damaged/,
      async (entry) => {
        const bytes = await readFile(join(entry, 'graph.onnx'))
        bytes[100] = bytes[100]! ^ 1
        await writeFile(join(entry, 'graph.onnx'), bytes)
      },
    ],
    ['has no record', /it is incomplete/, (entry) => rm(join(entry, 'made.json'))],
    ['has half a record', /JSON/, (entry) => truncate(join(entry, 'made.json'), 40)],
  ])('when it %s, then it is made anew', async (_, reason, damage) => {
    const { cache, entry } = await filledCache()
    await damage(entry)
    const { answer, logs } = await serve(cache)
    expect(answer).toEqual(expected)
    expect(logs).toMatch(reason)
    expect(logs).toContain('the graph was optimised for this machine')
    expect((await serve(cache)).logs).toBe('')
  })

  test('when a weight has changed, then the plain graph serves and the next start makes it anew', async () => {
    const { cache, entry } = await filledCache()
    const weights = await readFile(join(entry, 'weights.bin'))
    weights[5000] = weights[5000]! ^ 0x40
    await writeFile(join(entry, 'weights.bin'), weights)
    const { answer, logs } = await serve(cache)
    expect(answer).toEqual(expected)
    expect(logs).toMatch(/the weights in .* are damaged: the plain graph is used/)
    expect((await serve(cache)).logs).toContain('the graph was optimised for this machine')
  })

  test('when it lists itself as good but cannot be loaded, then the plain graph serves', async () => {
    const { cache, entry } = await filledCache()
    const path = join(entry, 'made.json')
    const made = JSON.parse(await readFile(path, 'utf8'))
    const graph = made.files.find((file: { path: string }) => file.path === 'graph.onnx')
    await writeFile(join(entry, 'graph.onnx'), '')
    Object.assign(graph, {
      bytes: 0,
      sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    })
    await writeFile(path, JSON.stringify(made))
    const { answer, logs } = await serve(cache)
    expect(answer).toEqual(expected)
    expect(logs).toMatch(/the plain graph is used: .*graph.onnx/)
  })
})

describe('a graph that cannot be made', () => {
  test('when the folder cannot be written to, then the plain graph serves', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'file'), '')
    const { answer, logs } = await serve(join(folder, 'file', 'graphs'))
    expect(answer).toEqual(expected)
    expect(logs).toMatch(/^the plain graph is used: /)
  })

  test('when the folder is read-only but filled, then what is there is used', async () => {
    const { cache } = await filledCache()
    await chmod(cache, 0o555)
    const { answer, logs } = await serve(cache)
    await chmod(cache, 0o755)
    expect(answer).toEqual(expected)
    expect(logs).toBe('')
  })

  test('when the ONNX file is not the one of its manifest, then none is kept', async () => {
    const model = join(await temporaryFolder(), 'colours')
    await writeColourBundle(model)
    const bytes = await readFile(join(model, 'model.onnx'))
    await writeFile(join(model, 'model.onnx'), Buffer.concat([bytes, Buffer.from([0x62, 0x00])]))
    const cache = join(await temporaryFolder(), 'graphs')
    const { logs } = await serve(cache, model, await coat())
    expect(logs).toMatch(/the plain graph is used: .*is not the file of its manifest/)
    expect(await readdir(cache)).toEqual([])
  })

  test('when the model cannot be served at all, then the error is the plain one', async () => {
    const model = join(await temporaryFolder(), 'colours')
    await writeColourBundle(model)
    await writeFile(join(model, 'model.onnx'), 'not a graph')
    const graphCache = { folder: join(await temporaryFolder(), 'graphs'), log: () => {} }
    await expect(WorkerPool.start({ modelFolder: model, workers: 1, graphCache })).rejects.toMatchObject({
      code: 'model-unloadable',
      message: expect.stringContaining(join(model, 'model.onnx')),
    })
  })
})

describe('the folder of graphs', () => {
  test('when many models were served, then the four most recent ones are kept, and nothing else is touched', async () => {
    const cache = join(await temporaryFolder(), 'graphs')
    await mkdir(join(cache, 'not-ours'), { recursive: true })
    for (const width of [8, 9, 10, 11, 12]) {
      const model = join(await temporaryFolder(), 'colours')
      await writeColourBundle(model, { input: { width } })
      await serve(cache, model, await coat())
    }
    const names = await readdir(cache)
    expect(names).toContain('not-ours')
    expect(names).toHaveLength(5)
  })
})
