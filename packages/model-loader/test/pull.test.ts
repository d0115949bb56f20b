import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { sha256, verifyBundle } from '@repo/model-bundle'
import { temporaryFolders } from '@repo/testing'
import { type Progress, publishModel, pullModel } from '../src/index.js'
import { type TestBundle, writeBundle } from './helpers/bundles.js'
import { describeStores, type TestStore } from './helpers/stores.js'

const temporaryFolder = temporaryFolders()

async function bundle(options: TestBundle = {}) {
  const folder = await temporaryFolder()
  await writeBundle(folder, options)
  return folder
}

const targetFolder = async () => join(await temporaryFolder(), 'model')
/** What lies beside the model folder: nothing may be left there. */
const beside = (target: string) => readdir(join(target, '..'))

/** Replaces a published version's manifest, and the pointer with it. */
async function forgeManifest(
  { store, put }: TestStore,
  change: (manifest: { version: string; files: object[] }) => void,
) {
  const manifest = JSON.parse((await store.read('clothes/1.0.0/model.json'))?.data.toString() ?? '')
  change(manifest)
  const text = JSON.stringify(manifest)
  await put('clothes/1.0.0/model.json', text)
  await put('clothes/latest.json', JSON.stringify({ version: '1.0.0', manifestSha256: sha256(text) }))
}

describeStores('pulling from', temporaryFolder, (open) => {
  test('when the latest model is pulled, then the folder is the published bundle, byte for byte', async () => {
    const { store } = await open()
    const data = randomBytes(7_000_001)
    const folder = await bundle({
      version: '2.0.0',
      files: { 'model.onnx': data, 'samples/01.png': 'a picture', 'empty.txt': '' },
    })
    const { manifestSha256 } = await publishModel(store, folder)
    await publishModel(store, await bundle({ version: '3.0.0' }), { promote: false })
    const target = join(await temporaryFolder(), 'not', 'there', 'yet')
    const pulled = await pullModel(store, 'clothes', target)
    expect(pulled).toEqual({
      name: 'clothes',
      version: '2.0.0',
      manifestSha256,
      folder: target,
      downloadedBytes: 7_000_001 + 'a picture'.length + 'shirt\nshoe\n'.length,
      reusedBytes: 0,
      changed: true,
    })
    expect((await verifyBundle(target)).manifestSha256).toBe(manifestSha256)
    expect((await readFile(join(target, 'model.onnx'))).equals(data)).toBe(true)
    expect(await beside(target)).toEqual(['yet'])
  })

  test('when a version is named, then that one is pulled', async () => {
    const { store } = await open()
    await publishModel(store, await bundle())
    await publishModel(store, await bundle({ version: '2.0.0' }))
    const target = await targetFolder()
    expect(await pullModel(store, 'clothes', target, { version: '1.0.0' })).toMatchObject({
      version: '1.0.0',
    })
    expect(await readFile(join(target, 'model.onnx'), 'utf8')).toBe('graph of 1.0.0')
  })

  test('when the folder holds the model already, then nothing is downloaded or changed', async () => {
    const { store } = await open()
    await publishModel(store, await bundle())
    const target = await targetFolder()
    await pullModel(store, 'clothes', target)
    const { ino } = await stat(target)
    const again = await pullModel(store, 'clothes', target)
    expect(again).toMatchObject({ changed: false, downloadedBytes: 0, reusedBytes: 0 })
    expect((await stat(target)).ino).toBe(ino)
    expect(await pullModel(store, 'clothes', target, { version: '1.0.0' })).toMatchObject({ changed: false })
  })

  test('when a new version shares files with the old one, then those are not downloaded', async () => {
    const { store } = await open()
    const shared = randomBytes(3_000_000)
    await publishModel(store, await bundle({ files: { 'model.onnx': shared } }))
    const target = await targetFolder()
    await pullModel(store, 'clothes', target)
    // The same bytes under another path.
    const files = { 'weights/all.bin': shared, 'new.txt': 'new' }
    await publishModel(store, await bundle({ version: '2.0.0', files }))
    const pulled = await pullModel(store, 'clothes', target)
    expect(pulled).toMatchObject({
      changed: true,
      reusedBytes: 3_000_000 + 'shirt\nshoe\n'.length,
      downloadedBytes: 'graph of 2.0.0'.length + 'new'.length,
    })
    await verifyBundle(target)
    expect(await beside(target)).toEqual(['model'])
  })

  test('when files of the folder are damaged, missing or links, then only those are downloaded again', async () => {
    const { store } = await open()
    const files = { 'a.bin': randomBytes(1000), 'b.bin': randomBytes(2000), 'c.bin': randomBytes(4000) }
    await publishModel(store, await bundle({ files }))
    const target = await targetFolder()
    await pullModel(store, 'clothes', target)
    await writeFile(join(target, 'a.bin'), randomBytes(1000))
    await rm(join(target, 'b.bin'))
    const elsewhere = join(await temporaryFolder(), 'c.bin')
    await writeFile(elsewhere, files['c.bin'])
    await rm(join(target, 'c.bin'))
    await symlink(elsewhere, join(target, 'c.bin'))
    expect(await pullModel(store, 'clothes', target)).toMatchObject({ changed: true, downloadedBytes: 7000 })
    await verifyBundle(target)
  })

  test("when the folder's manifest is unreadable, then files are reused all the same", async () => {
    const { store } = await open()
    await publishModel(store, await bundle())
    const target = await targetFolder()
    await pullModel(store, 'clothes', target)
    await writeFile(join(target, 'model.json'), '{')
    expect(await pullModel(store, 'clothes', target)).toMatchObject({ changed: true, downloadedBytes: 0 })
    await verifyBundle(target)
  })

  test('when a blob is damaged in the store, then the error names it and the folder stays as it was', async () => {
    const { store, put } = await open()
    await publishModel(store, await bundle())
    const target = await targetFolder()
    const { manifestSha256 } = await pullModel(store, 'clothes', target)
    const data = randomBytes(5_000_000)
    await publishModel(store, await bundle({ version: '2.0.0', files: { 'model.onnx': data } }))
    const expected = sha256(data)
    data[4_500_000] = (data[4_500_000] ?? 0) ^ 1
    await put('clothes/2.0.0/model.onnx', data)
    await expect(pullModel(store, 'clothes', target)).rejects.toMatchObject({
      code: 'integrity',
      message: expect.stringMatching(
        new RegExp(`clothes/2.0.0/model.onnx is not .* expected SHA-256 ${expected}, found ${sha256(data)}`),
      ),
    })
    expect((await verifyBundle(target)).manifestSha256).toBe(manifestSha256)
    expect(await beside(target)).toEqual(['model'])
  })

  test.each([
    ['truncated', (data: Buffer) => data.subarray(0, 4_000_000)],
    ['empty', () => Buffer.alloc(0)],
  ])('when a blob is %s in the store, then the error tells the sizes', async (_, damage) => {
    const { store, put } = await open()
    const data = randomBytes(5_000_000)
    await publishModel(store, await bundle({ files: { 'model.onnx': data } }))
    await put('clothes/1.0.0/model.onnx', damage(data))
    const target = await targetFolder()
    await expect(pullModel(store, 'clothes', target)).rejects.toMatchObject({
      code: 'integrity',
      message: expect.stringMatching(/clothes\/1\.0\.0\/model\.onnx is not .* expected 5000000 bytes/),
    })
    expect(await beside(target)).toEqual([])
  })

  test('when a listed blob is missing in the store, then the error names it', async () => {
    const { store, remove } = await open()
    await publishModel(store, await bundle())
    await remove('clothes/1.0.0/labels.txt')
    await expect(pullModel(store, 'clothes', await targetFolder())).rejects.toMatchObject({
      code: 'integrity',
      message: expect.stringContaining('clothes/1.0.0/labels.txt is missing'),
    })
  })

  test('when the manifest is not the one that the pointer names, then it is refused', async () => {
    const { store, put } = await open()
    await publishModel(store, await bundle())
    const text = (await store.read('clothes/1.0.0/model.json'))?.data.toString() ?? ''
    await put('clothes/1.0.0/model.json', text.replace('made by a test', 'made by an enemy'))
    await expect(pullModel(store, 'clothes', await targetFolder())).rejects.toMatchObject({
      code: 'integrity',
      message: expect.stringMatching(
        /model\.json is not the manifest .*expected SHA-256 \w{64}, found \w{64}/,
      ),
    })
  })

  test.each(['../outside.txt', '/etc/outside.txt', 'a\\..\\..\\outside.txt', '.hidden'])(
    'when a manifest lists %s, then it is refused before anything is written',
    async (path) => {
      const opened = await open()
      await publishModel(opened.store, await bundle())
      await forgeManifest(opened, ({ files }) => {
        files.push({ path, bytes: 1, sha256: sha256('x') })
      })
      const target = await targetFolder()
      await expect(pullModel(opened.store, 'clothes', target)).rejects.toMatchObject({
        name: 'BundleError',
        code: 'invalid',
      })
      expect(await beside(target)).toEqual([])
    },
  )

  test('when a manifest describes another model, then it is refused', async () => {
    const opened = await open()
    await publishModel(opened.store, await bundle())
    await forgeManifest(opened, (manifest) => {
      manifest.version = '1.0.1'
    })
    await expect(pullModel(opened.store, 'clothes', await targetFolder())).rejects.toMatchObject({
      code: 'integrity',
      message: expect.stringContaining('describes clothes 1.0.1, not clothes 1.0.0'),
    })
  })

  test('when the model, the version or the latest one is not there, then the error lists what is', async () => {
    const { store } = await open()
    await publishModel(store, await bundle(), { promote: false })
    const target = await targetFolder()
    await expect(pullModel(store, 'clothes', target)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/clothes has no latest version\. Its versions there are: 1\.0\.0\./),
    })
    await expect(pullModel(store, 'clothes', target, { version: '2.0.0' })).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/there is no clothes 2\.0\.0\. Its versions there are: 1\.0\.0\./),
    })
    await expect(pullModel(store, 'shoes', target)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('The models there are: clothes.'),
    })
    expect(await beside(target)).toEqual([])
  })

  test('when the pointer names a version that is gone, then the error says so and lists the others', async () => {
    const { store, remove } = await open()
    await publishModel(store, await bundle())
    await publishModel(store, await bundle({ version: '2.0.0' }))
    await remove('clothes/2.0.0/model.json')
    await expect(pullModel(store, 'clothes', await targetFolder())).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/latest version is 2\.0\.0, but it is not there\. .* 1\.0\.0\./),
    })
  })

  test('when the pointer is damaged, then the error names it', async () => {
    const { store, put } = await open()
    await publishModel(store, await bundle())
    await put('clothes/latest.json', '{"version":"../../x","manifestSha256":"short"}')
    await expect(pullModel(store, 'clothes', await targetFolder())).rejects.toMatchObject({
      code: 'integrity',
    })
  })

  test('when the target is not a model folder, then it is left alone', async () => {
    const { store } = await open()
    await publishModel(store, await bundle())
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'thesis.txt'), 'years of work')
    for (const target of [folder, join(folder, 'thesis.txt')]) {
      await expect(pullModel(store, 'clothes', target)).rejects.toMatchObject({
        code: 'usage',
        message: expect.stringContaining('is not a model folder'),
      })
    }
    expect(await readFile(join(folder, 'thesis.txt'), 'utf8')).toBe('years of work')
  })

  test('when the target is an empty folder or a link to a model folder, then it is filled', async () => {
    const { store } = await open()
    await publishModel(store, await bundle())
    const target = await targetFolder()
    await mkdir(target)
    await pullModel(store, 'clothes', target)
    const link = join(await temporaryFolder(), 'link')
    await symlink(target, link)
    await publishModel(store, await bundle({ version: '2.0.0' }))
    expect(await pullModel(store, 'clothes', link)).toMatchObject({ folder: target, version: '2.0.0' })
    expect(await readFile(join(link, 'model.onnx'), 'utf8')).toBe('graph of 2.0.0')
  })

  test('when a pull is cancelled, then the folder stays as it was and nothing is left beside it', async () => {
    const { store } = await open()
    await publishModel(store, await bundle())
    const target = await targetFolder()
    await pullModel(store, 'clothes', target)
    const files = { 'model.onnx': randomBytes(20_000_000) }
    await publishModel(store, await bundle({ version: '2.0.0', files }))
    const abort = new AbortController()
    const onProgress = ({ doneBytes }: Progress) => {
      if (doneBytes > 6_000_000) abort.abort(new Error('enough'))
    }
    const pulling = pullModel(store, 'clothes', target, { onProgress, signal: abort.signal })
    await expect(pulling).rejects.toThrow('enough')
    expect(await readFile(join(target, 'model.onnx'), 'utf8')).toBe('graph of 1.0.0')
    expect(await beside(target)).toEqual(['model'])
  })

  test('when progress is asked for, then it grows to the total of what is missing', async () => {
    const { store } = await open()
    await publishModel(store, await bundle({ files: { 'model.onnx': randomBytes(5_000_000) } }))
    const reports: Progress[] = []
    const onProgress = (progress: Progress) => reports.push(progress)
    await pullModel(store, 'clothes', await targetFolder(), { onProgress })
    expect(reports.at(-1)).toMatchObject({ step: 'pull', doneBytes: 5_000_011, totalBytes: 5_000_011 })
  })

  test('when ten pull into one folder at once, then all end well and it holds the model', async () => {
    const { store } = await open()
    await publishModel(store, await bundle({ files: { 'model.onnx': randomBytes(500_000) } }))
    const target = await targetFolder()
    const pulls = await Promise.all(Array.from({ length: 10 }, () => pullModel(store, 'clothes', target)))
    expect(pulls.some(({ changed }) => changed)).toBe(true)
    await verifyBundle(target)
    expect(await beside(target)).toEqual(['model'])
  })

  test('when versions are published while others pull, then every pull gets a whole model', async () => {
    const { store } = await open()
    await publishModel(store, await bundle({ version: '1.0.0' }))
    const folders = await Promise.all(['1.1.0', '1.2.0', '1.3.0'].map((version) => bundle({ version })))
    let isDone = false
    const publishing = (async () => {
      for (const folder of folders) await publishModel(store, folder)
      isDone = true
    })()
    const target = await targetFolder()
    while (!isDone) {
      const { version } = await pullModel(store, 'clothes', target)
      const found = await verifyBundle(target)
      expect(found.manifest.version).toBe(version)
      expect(await readFile(join(target, 'model.onnx'), 'utf8')).toBe(`graph of ${version}`)
    }
    await publishing
    expect(await pullModel(store, 'clothes', target)).toMatchObject({ version: '1.3.0' })
  })

  test('when the target may not be written, then the error is one of the disk, with what to do', async () => {
    const { store } = await open()
    await publishModel(store, await bundle())
    // Not even root may make folders there.
    await expect(pullModel(store, 'clothes', '/sys/ai-app-test/model')).rejects.toMatchObject({
      code: 'disk',
      message: expect.stringMatching(/^Pulling clothes into \/sys.* failed: .*choose another folder/),
    })
  })

  test('when a part of the path is a file, then the error is one of the disk', async () => {
    const { store } = await open()
    await publishModel(store, await bundle())
    const file = join(await temporaryFolder(), 'file')
    await writeFile(file, '')
    await expect(pullModel(store, 'clothes', join(file, 'model'))).rejects.toMatchObject({
      code: 'disk',
      message: expect.stringMatching(/ENOTDIR.*choose another folder/),
    })
  })
})
