import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { sha256 } from '@repo/model-bundle'
import { temporaryFolders } from '@repo/testing'
import {
  listModels,
  type ModelStore,
  type Progress,
  promoteModel,
  publishModel,
  StoreError,
} from '../src/index.js'
import { writeBundle } from './helpers/bundles.js'
import { describeStores } from './helpers/stores.js'

const temporaryFolder = temporaryFolders()

async function bundle(
  ...options: Parameters<typeof writeBundle> extends [string, ...infer Rest] ? Rest : never
) {
  const folder = await temporaryFolder()
  await writeBundle(folder, ...options)
  return folder
}

async function keysOf(store: ModelStore) {
  const keys: string[] = []
  for await (const { key } of store.list('')) keys.push(key)
  return keys
}

const pointerOf = async (store: ModelStore, name = 'clothes') =>
  JSON.parse((await store.read(`${name}/latest.json`))?.data.toString() ?? 'null')

describeStores('publishing to', temporaryFolder, (open) => {
  test('when a bundle is published, then the store holds its files, its manifest and the pointer', async () => {
    const { store } = await open()
    const folder = await bundle({ files: { 'samples/01.png': 'a picture' } })
    const published = await publishModel(store, folder)
    const manifest = await readFile(join(folder, 'model.json'))
    const manifestSha256 = sha256(manifest)
    expect(published).toEqual({
      name: 'clothes',
      version: '1.0.0',
      manifestSha256,
      uploadedBytes: 'graph of 1.0.0'.length + 'shirt\nshoe\n'.length + 'a picture'.length,
      alreadyThere: false,
    })
    expect(await keysOf(store)).toEqual([
      'clothes/1.0.0/labels.txt',
      'clothes/1.0.0/model.json',
      'clothes/1.0.0/model.onnx',
      'clothes/1.0.0/samples/01.png',
      'clothes/history/00000001.json',
      'clothes/latest.json',
    ])
    expect((await store.read('clothes/1.0.0/model.json'))?.data.equals(manifest)).toBe(true)
    expect(await pointerOf(store)).toMatchObject({ version: '1.0.0', manifestSha256 })
  })

  test('when the same is published again, then nothing changes and it says so', async () => {
    const { store } = await open()
    const folder = await bundle()
    await publishModel(store, folder)
    const again = await publishModel(store, folder)
    expect(again).toMatchObject({ alreadyThere: true, uploadedBytes: 0 })
  })

  test('when an older version is published again, then it becomes the latest only if that is wanted', async () => {
    const { store } = await open()
    const old = await bundle()
    await publishModel(store, old)
    await publishModel(store, await bundle({ version: '2.0.0' }))
    await publishModel(store, old, { promote: false })
    expect(await pointerOf(store)).toMatchObject({ version: '2.0.0' })
    await publishModel(store, old)
    expect(await pointerOf(store)).toMatchObject({ version: '1.0.0' })
  })

  test('when a version is published with other content, then it is a conflict and nothing changes', async () => {
    const { store } = await open()
    await publishModel(store, await bundle())
    const other = await bundle({ files: { 'model.onnx': 'another graph' } })
    const failure = await publishModel(store, other).catch((error) => error)
    expect(failure).toBeInstanceOf(StoreError)
    expect(failure.code).toBe('conflict')
    expect(failure.message).toMatch(/clothes 1\.0\.0 is published already.*give yours a new version/)
    expect((await store.read('clothes/1.0.0/model.onnx'))?.data.toString()).toBe('graph of 1.0.0')
  })

  test('when an earlier publish was broken off, then the next one continues it', async () => {
    const { store, put } = await open()
    const large = randomBytes(6_000_000)
    const folder = await bundle({ files: { 'model.onnx': large } })
    await put('clothes/1.0.0/model.onnx', large)
    await put('clothes/1.0.0/labels.txt', 'shirt\nshoe\n')
    const published = await publishModel(store, folder)
    expect(published.alreadyThere).toBe(false)
    expect(published.uploadedBytes).toBeLessThan(large.length)
    expect(await pointerOf(store)).toMatchObject({ version: '1.0.0' })
  })

  test.each([
    ['size', 'graph of somebody else'],
    ['content', 'GRAPH of 1.0.0'],
  ])('when a broken off publish left a file of other %s, then it is a conflict', async (_, left) => {
    const { store, put } = await open()
    await put('clothes/1.0.0/model.onnx', left)
    const publishing = publishModel(store, await bundle())
    await expect(publishing).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/clothes\/1\.0\.0\/model\.onnx is there already with other content/),
    })
    expect(await store.head('clothes/1.0.0/model.json')).toBeUndefined()
  })

  test('when the folder is damaged, then nothing is published', async () => {
    const { store } = await open()
    const folder = await bundle()
    await writeFile(join(folder, 'model.onnx'), 'damaged')
    await expect(publishModel(store, folder)).rejects.toMatchObject({ code: 'integrity' })
    expect(await store.head('clothes/1.0.0/labels.txt')).toBeUndefined()
  })

  test('when a file changes while it is published, then the version does not come into being', async () => {
    const { store } = await open()
    const folder = await bundle({ files: { 'model.onnx': randomBytes(6_000_000) } })
    const onProgress = ({ file }: Progress) => {
      // labels.txt is first.
      if (file === 'labels.txt') void writeFile(join(folder, 'model.onnx'), randomBytes(6_000_000))
    }
    await expect(publishModel(store, folder, { onProgress })).rejects.toMatchObject({
      code: 'integrity',
      message: expect.stringContaining('changed while it was being published'),
    })
    expect(await store.head('clothes/1.0.0/model.onnx')).toBeUndefined()
    expect(await store.head('clothes/1.0.0/model.json')).toBeUndefined()
  })

  test('when it is cancelled, then the version does not come into being and can be published later', async () => {
    const { store } = await open()
    const folder = await bundle({ files: { 'model.onnx': randomBytes(9_000_000) } })
    const abort = new AbortController()
    const onProgress = ({ doneBytes }: Progress) => {
      if (doneBytes > 1_000_000) abort.abort(new Error('enough'))
    }
    await expect(publishModel(store, folder, { onProgress, signal: abort.signal })).rejects.toThrow('enough')
    expect(await store.head('clothes/1.0.0/model.json')).toBeUndefined()
    expect(await store.head('clothes/latest.json')).toBeUndefined()
    expect(await publishModel(store, folder)).toMatchObject({ alreadyThere: false })
  })

  test('when progress is asked for, then it grows to the total', async () => {
    const { store } = await open()
    const reports: Progress[] = []
    await publishModel(store, await bundle({ files: { 'model.onnx': randomBytes(3_000_000) } }), {
      onProgress: (progress) => reports.push(progress),
    })
    const last = reports.at(-1)
    expect(last).toMatchObject({ step: 'publish', file: 'model.onnx', totalBytes: 3_000_011 })
    expect(last?.doneBytes).toBe(last?.totalBytes)
    expect(reports.map(({ doneBytes }) => doneBytes)).toEqual(
      reports.map(({ doneBytes }) => doneBytes).sort((a, b) => a - b),
    )
  })

  test('when twenty publish the same bundle at once, then all succeed and it is there once', async () => {
    const { store } = await open()
    const folder = await bundle({ files: { 'model.onnx': randomBytes(300_000) } })
    const results = await Promise.all(Array.from({ length: 20 }, () => publishModel(store, folder)))
    expect(new Set(results.map(({ manifestSha256 }) => manifestSha256)).size).toBe(1)
    expect(await listModels(store)).toHaveLength(1)
  })

  test('when twenty publish different versions at once, then all are there and latest is one of them', async () => {
    const { store } = await open()
    const versions = Array.from({ length: 20 }, (_, index) => `1.${index}.0`)
    const folders = await Promise.all(versions.map((version) => bundle({ version })))
    const published = await Promise.all(folders.map((folder) => publishModel(store, folder)))
    const listed = await listModels(store, 'clothes')
    expect(listed.map(({ version }) => version)).toEqual([...versions].reverse())
    const latest = listed.filter((version) => version.latest)
    expect(latest).toHaveLength(1)
    const pointed = published.find(({ version }) => version === latest[0]?.version)
    expect(await pointerOf(store)).toMatchObject({
      version: latest[0]?.version,
      manifestSha256: pointed?.manifestSha256,
    })
  })

  test('when twenty publish different content as one version, then one wins and the others get a conflict', async () => {
    const { store } = await open()
    const folders = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        bundle({
          files: { 'model.onnx': `graph ${index}`, 'samples/a.txt': `${index % 2}`, 'z.txt': `${index}` },
        }),
      ),
    )
    const results = await Promise.allSettled(folders.map((folder) => publishModel(store, folder)))
    const won = results.filter((result) => result.status === 'fulfilled')
    expect(won).toHaveLength(1)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'conflict' })
    }
    expect(await pointerOf(store)).toMatchObject({ manifestSha256: won[0]?.value.manifestSha256 })
  })

  test('when the pointer is damaged, then publishing says which file and does not guess', async () => {
    const { store, put } = await open()
    await put('clothes/latest.json', 'not JSON')
    await expect(publishModel(store, await bundle())).rejects.toMatchObject({
      code: 'integrity',
      message: expect.stringMatching(/clothes\/latest\.json is damaged.*found "not JSON"/),
    })
  })
})

describeStores('listing and promoting in', temporaryFolder, (open) => {
  const metrics = { top1: 93.4, dataset: 'Fashion-MNIST test set', samples: 10_000 }

  test('when models are listed, then by name and newest version first, with what their manifests say', async () => {
    const { store } = await open()
    for (const version of ['1.0.0', '1.10.0', '1.9.0', '2.0.0-rc.1']) {
      await publishModel(store, await bundle({ version, metrics }), { promote: version === '1.9.0' })
    }
    await publishModel(store, await bundle({ name: 'animals' }), { promote: false })
    const versions = await listModels(store)
    expect(
      versions.map(({ name, version, latest }) => `${name} ${version}${latest ? ' latest' : ''}`),
    ).toEqual([
      'animals 1.0.0',
      'clothes 2.0.0-rc.1',
      'clothes 1.10.0',
      'clothes 1.9.0 latest',
      'clothes 1.0.0',
    ])
    expect(versions[4]).toMatchObject({ metrics, bytes: 25, createdAt: '2026-01-01T00:00:00.000Z' })
    expect(versions[4]?.manifestSha256).toMatch(/^[0-9a-f]{64}$/)
    expect(Date.parse(versions[4]?.publishedAt ?? '')).not.toBeNaN()
    expect(versions[0]).not.toHaveProperty('metrics')
    expect(await listModels(store, 'clothes')).toHaveLength(4)
    expect(await listModels(store, 'cloth')).toEqual([])
  })

  test('when a version comes from newer tools, then it is listed with the others', async () => {
    const { store, put } = await open()
    await publishModel(store, await bundle())
    await put('clothes/9.0.0/model.json', '{"schemaVersion":"7.0","files":"elsewhere"}')
    const versions = await listModels(store)
    expect(versions.map(({ version, bytes }) => [version, bytes])).toEqual([
      ['9.0.0', 0],
      ['1.0.0', 25],
    ])
  })

  test('when another version is promoted, then it is the latest, and the one before is told', async () => {
    const { store } = await open()
    await publishModel(store, await bundle(), { promote: false })
    await publishModel(store, await bundle({ version: '2.0.0' }), { promote: false })
    const promote = (version: string) => promoteModel(store, 'clothes', version)
    expect(await promote('2.0.0')).toEqual({ name: 'clothes', version: '2.0.0', previous: undefined })
    expect(await promote('1.0.0')).toEqual({ name: 'clothes', version: '1.0.0', previous: '2.0.0' })
    expect(await promote('1.0.0')).toEqual({ name: 'clothes', version: '1.0.0', previous: '1.0.0' })
    expect(await pointerOf(store)).toMatchObject({ version: '1.0.0' })
  })

  test('when what is promoted is not there, then the error lists what is', async () => {
    const { store } = await open()
    await publishModel(store, await bundle())
    await publishModel(store, await bundle({ version: '2.0.0' }))
    await expect(promoteModel(store, 'clothes', '3.0.0')).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('there is no clothes 3.0.0. Its versions there are: 2.0.0, 1.0.0.'),
    })
    await expect(promoteModel(store, 'shoes', '1.0.0')).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('The models there are: clothes.'),
    })
  })

  test.each([
    ['Clothes', '1.0.0'],
    ['../clothes', '1.0.0'],
    ['clothes', 'v1'],
    ['clothes', '../1.0.0'],
  ])('when name or version is not usable (%s %s), then that is wrong usage', async (name, version) => {
    const { store } = await open()
    await expect(promoteModel(store, name, version)).rejects.toMatchObject({ code: 'usage' })
  })

  test('when twenty promote at once, then each is told the one before it, and the last one stands', async () => {
    const { store } = await open()
    const versions = Array.from({ length: 20 }, (_, index) => `${index}.0.0`)
    for (const version of versions) await publishModel(store, await bundle({ version }), { promote: false })
    const promoted = await Promise.all(versions.map((version) => promoteModel(store, 'clothes', version)))
    // One chain: every version but the last was replaced by exactly one other.
    const replaced = promoted.map(({ previous }) => previous)
    const last = versions.filter((version) => !replaced.includes(version))
    expect(new Set(replaced).size).toBe(20)
    expect(replaced).toContain(undefined)
    expect(last).toEqual([(await pointerOf(store)).version])
  })
})
