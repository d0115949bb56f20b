import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import {
  type Manifest,
  parseLabels,
  readBundle,
  sha256,
  sha256File,
  verifyBundle,
  writeManifest,
} from '../src/index.js'
import { validManifest } from './helpers/manifest.js'

// Not from the package of test helpers: that one builds on this one.
const made: string[] = []
afterAll(async () => {
  for (const folder of made) await rm(folder, { recursive: true, force: true })
})
async function temporaryFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'ai-app-test-'))
  made.push(folder)
  return folder
}

/** A folder with the files that the valid manifest lists, and the manifest if wanted. */
async function folderWithFiles(manifest?: object) {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'samples'))
  await writeFile(join(folder, 'model.onnx'), 'graph')
  await writeFile(join(folder, 'labels.txt'), 'shirt\nshoe\n')
  await writeFile(join(folder, 'samples', '01.png'), 'picture')
  if (manifest) await writeFile(join(folder, 'model.json'), JSON.stringify(manifest))
  return folder
}

const bundleFolder = () => folderWithFiles(validManifest())

describe('verifyBundle', () => {
  test('when every file is as listed, then it returns manifest, labels and identity', async () => {
    const folder = await bundleFolder()
    const { manifest, labels, manifestSha256 } = await verifyBundle(folder)
    expect(manifest.name).toBe('clothes')
    expect(labels).toEqual(['shirt', 'shoe'])
    expect(manifestSha256).toBe(sha256(await readFile(join(folder, 'model.json'))))
  })

  test.each([
    ['changed', 'GRAPH', /expected 5 bytes .* found 5 bytes with SHA-256 [0-9a-f]{64}/],
    ['longer', 'graphs', /expected 5 bytes .* found 6 bytes/],
    ['empty', '', /expected 5 bytes .* found 0 bytes/],
  ])(
    'when a file is %s, then the error names it and what was expected and found',
    async (_, content, message) => {
      const folder = await bundleFolder()
      await writeFile(join(folder, 'model.onnx'), content)
      await expect(verifyBundle(folder)).rejects.toMatchObject({
        code: 'integrity',
        message: expect.stringMatching(message),
      })
      await expect(verifyBundle(folder)).rejects.toThrow(join(folder, 'model.onnx'))
    },
  )

  test('when a file is missing, then the error names it', async () => {
    const folder = await bundleFolder()
    await rm(join(folder, 'samples', '01.png'))
    await expect(verifyBundle(folder)).rejects.toMatchObject({
      code: 'missing',
      message: expect.stringContaining(join(folder, 'samples', '01.png')),
    })
  })

  test('when a file is a link, then it is refused even with the right content', async () => {
    const folder = await bundleFolder()
    const elsewhere = join(await temporaryFolder(), 'model.onnx')
    await rename(join(folder, 'model.onnx'), elsewhere)
    await symlink(elsewhere, join(folder, 'model.onnx'))
    await expect(verifyBundle(folder)).rejects.toMatchObject({
      code: 'integrity',
      message: expect.stringContaining('is a symbolic link'),
    })
  })

  test('when a folder inside is a link, then it is refused', async () => {
    const folder = await bundleFolder()
    const elsewhere = join(await temporaryFolder(), 'samples')
    await rename(join(folder, 'samples'), elsewhere)
    await symlink(elsewhere, join(folder, 'samples'))
    await expect(verifyBundle(folder)).rejects.toMatchObject({ code: 'integrity' })
  })

  test('when a file is a folder, then it is refused', async () => {
    const folder = await bundleFolder()
    await rm(join(folder, 'model.onnx'))
    await mkdir(join(folder, 'model.onnx'))
    await expect(verifyBundle(folder)).rejects.toMatchObject({
      code: 'integrity',
      message: expect.stringContaining('not a regular file'),
    })
  })

  test('when a file that is not listed lies there, then that does not matter', async () => {
    const folder = await bundleFolder()
    await writeFile(join(folder, 'notes.txt'), 'mine')
    await expect(verifyBundle(folder)).resolves.toBeDefined()
  })
})

describe('readBundle', () => {
  test.each(['an empty folder', 'no folder'])('when there is %s, then it is not a bundle', async (what) => {
    const folder = await temporaryFolder()
    await expect(readBundle(what === 'no folder' ? join(folder, 'none') : folder)).rejects.toMatchObject({
      code: 'missing',
      message: expect.stringContaining('is not a model bundle'),
    })
  })

  test('when the labels are missing, then the error names their file', async () => {
    const folder = await bundleFolder()
    await rm(join(folder, 'labels.txt'))
    await expect(readBundle(folder)).rejects.toMatchObject({
      code: 'missing',
      message: expect.stringContaining('labels.txt'),
    })
  })

  test('when a sample has a label that there is not, then it is invalid', async () => {
    const manifest = validManifest()
    manifest.samples[0].label = 'hat'
    await expect(readBundle(await folderWithFiles(manifest))).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringMatching(/samples\/01\.png has the label "hat"/),
    })
  })

  test('when the manifest holds bytes that are not text, then its identity is still that of its bytes', async () => {
    const folder = await bundleFolder()
    const path = join(folder, 'model.json')
    const [before = '', after = ''] = JSON.stringify(validManifest()).split('made by a test')
    const bytes = Buffer.concat([Buffer.from(before), Buffer.from([0xff, 0xfe]), Buffer.from(after)])
    await writeFile(path, bytes)
    expect((await readBundle(folder)).manifestSha256).toBe((await sha256File(path)).sha256)
  })
})

describe('parseLabels', () => {
  test.each([
    ['lines', 'shirt\nshoe\n'],
    ['no newline at the end', 'shirt\nshoe'],
    ['line ends of Windows', 'shirt\r\nshoe\r\n'],
    ['a byte order mark', '\uFEFFshirt\nshoe\n'],
    ['spaces around', ' shirt\nshoe \n'],
  ])('when there are %s, then each line is a label', (_, text) => {
    expect(parseLabels(text, 'labels.txt')).toEqual(['shirt', 'shoe'])
  })

  test.each([
    ['nothing', '', 1],
    ['a blank line', 'shirt\n\nshoe\n', 2],
    ['a blank line at the end', 'shirt\nshoe\n\n', 3],
    ['a line of spaces', '  \nshoe\n', 1],
  ])('when there is %s, then the error names the line', (_, text, line) => {
    expect(() => parseLabels(text, 'labels.txt')).toThrow(
      expect.objectContaining({
        code: 'invalid',
        message: expect.stringContaining(`labels.txt: line ${line} is blank`),
      }),
    )
  })
})

describe('writeManifest', () => {
  const description = (): Omit<Manifest, 'files'> => {
    const { files: _, ...rest } = validManifest()
    return rest
  }

  test('when a folder is described, then its manifest lists every visible file, sorted', async () => {
    const folder = await folderWithFiles()
    await writeFile(join(folder, '.DS_Store'), 'x')
    await mkdir(join(folder, '.git'))
    await writeFile(join(folder, '.git', 'config'), 'x')
    const manifest = await writeManifest(folder, description())
    expect(manifest.files).toEqual([
      { path: 'labels.txt', bytes: 11, sha256: sha256('shirt\nshoe\n') },
      { path: 'model.onnx', bytes: 5, sha256: sha256('graph') },
      { path: 'samples/01.png', bytes: 7, sha256: sha256('picture') },
    ])
    expect((await verifyBundle(folder)).manifest).toEqual(manifest)
  })

  test('when it is written twice, then the bytes are the same and it does not list itself', async () => {
    const folder = await folderWithFiles()
    await writeManifest(folder, description())
    const first = await readFile(join(folder, 'model.json'), 'utf8')
    await writeManifest(folder, description())
    expect(await readFile(join(folder, 'model.json'), 'utf8')).toBe(first)
    expect(Object.keys(JSON.parse(first)).slice(0, 5)).toEqual([
      'schemaVersion',
      'name',
      'version',
      'task',
      'files',
    ])
  })

  test('when it would not be valid, then nothing is written', async () => {
    const folder = await folderWithFiles()
    await expect(writeManifest(folder, { ...description(), name: 'My Model' })).rejects.toMatchObject({
      code: 'invalid',
    })
    await writeFile(join(folder, 'a picture.png'), 'x')
    await expect(writeManifest(folder, description())).rejects.toThrow('a picture.png')
    await expect(readFile(join(folder, 'model.json'))).rejects.toThrow('ENOENT')
  })
})
