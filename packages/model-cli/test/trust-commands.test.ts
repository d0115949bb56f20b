import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, test } from '@jest/globals'
import { writeManifest } from '@repo/model-bundle'
import { temporaryFolders, writeColourBundle } from '@repo/testing'
import { model, modelJson } from './helpers/run.js'

const temporaryFolder = temporaryFolders()

async function bundle(version = '1.0.0') {
  const folder = await temporaryFolder()
  await writeColourBundle(folder, { version })
  return folder
}

async function keys() {
  const folder = await temporaryFolder()
  await model(['keygen', '--out', folder])
  return { key: join(folder, 'model-signing.key'), pub: join(folder, 'model-signing.pub'), folder }
}

const newStore = async () => ['--store', pathToFileURL(join(await temporaryFolder(), 'store')).href]
const target = async () => join(await temporaryFolder(), 'model')

/** A 1 x 1 picture. */
const RED_PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC',
  'base64',
)

async function bundleWithSample(label: string) {
  const folder = await bundle()
  await writeFile(join(folder, 'red.png'), RED_PIXEL)
  const { files: _, ...manifest } = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'))
  await writeManifest(folder, { ...manifest, samples: [{ file: 'red.png', label }] })
  return folder
}

test('when keys are made, then only the owner can read the secret one, and nothing is overwritten', async () => {
  const { folder, key, pub } = await keys()
  expect((await stat(key)).mode & 0o777).toBe(0o600)
  expect(await readFile(pub, 'utf8')).toContain('PUBLIC KEY')
  expect(await model(['keygen', '--out', folder])).toMatchObject({ code: 8 })
})

test('when a signed model is pulled and verified with its key, then both say so', async () => {
  const { key, pub } = await keys()
  const [store, out] = [await newStore(), await target()]
  expect(await model(['publish', await bundle(), '--sign-key', key, ...store])).toMatchObject({ code: 0 })
  for (const changed of [true, false]) {
    const pulled = await modelJson(['pull', 'colours', '--out', out, '--trust', pub, ...store])
    expect(pulled).toMatchObject({ code: 0, answer: { changed } })
  }
  expect(await modelJson(['verify', out, '--trust', pub])).toMatchObject({
    code: 0,
    answer: { signedBy: expect.stringMatching(/^[0-9a-f]{16}$/) },
  })
})

test('when a model is not signed by a trusted key, then it is refused, and two keys can be trusted', async () => {
  const [ours, theirs] = [await keys(), await keys()]
  const [store, out] = [await newStore(), await target()]
  const folder = await bundle()
  const pull = (...trust: string[]) =>
    modelJson(['pull', 'colours', '--out', out, ...trust.flatMap((pub) => ['--trust', pub]), ...store])
  await model(['publish', folder, ...store])
  const refused = {
    code: 4,
    failure: { error: { message: expect.stringContaining('no signature by a trusted key') } },
  }
  expect(await pull(ours.pub)).toMatchObject(refused)
  await model(['publish', folder, '--sign-key', theirs.key, ...store])
  expect(await pull(ours.pub)).toMatchObject(refused)
  expect(await pull(ours.pub, theirs.pub)).toMatchObject({ code: 0 })
  // Rotation: the same bundle once more, signed with the new key.
  await model(['publish', folder, '--sign-key', ours.key, ...store])
  expect(await pull(ours.pub)).toMatchObject({ code: 0 })
})

test('when the signature in the store was tampered with, or is of another model, then it is refused', async () => {
  const { key, pub } = await keys()
  const [store, out] = [await newStore(), await target()]
  await model(['publish', await bundle('1.0.0'), '--sign-key', key, ...store])
  await model(['publish', await bundle('2.0.0'), '--sign-key', key, ...store])
  const signature = async (version: string) => {
    const folder = join(fileURLToPath(store[1] ?? ''), 'colours', version, 'signatures')
    return join(folder, (await readdir(folder))[0] ?? '')
  }
  const good = await readFile(await signature('2.0.0'), 'utf8')
  const { signature: bytes, ...rest } = JSON.parse(good)
  const flipped = Buffer.from(bytes, 'base64')
  flipped[0] = (flipped[0] ?? 0) ^ 1
  const bad = [
    JSON.stringify({ ...rest, signature: flipped.toString('base64') }),
    await readFile(await signature('1.0.0'), 'utf8'),
    '{}',
    'not json',
  ]
  for (const text of bad) {
    await writeFile(await signature('2.0.0'), text)
    const pulled = await model(['pull', 'colours', '--out', out, '--trust', pub, ...store])
    expect(pulled).toMatchObject({ code: 4, stderr: expect.stringContaining('signature') })
  }
  await writeFile(await signature('2.0.0'), good)
  expect(await model(['pull', 'colours', '--out', out, '--trust', pub, ...store])).toMatchObject({ code: 0 })
})

test('when latest goes back, then who trusts keys refuses it, but not when asked for by its number', async () => {
  const { key, pub } = await keys()
  const [store, out] = [await newStore(), await target()]
  for (const version of ['1.0.0', '2.0.0']) {
    await model(['publish', await bundle(version), '--sign-key', key, ...store])
  }
  const pull = ['pull', 'colours', '--out', out, '--trust', pub, ...store]
  expect(await model(pull)).toMatchObject({ code: 0 })
  await model(['promote', 'colours', '1.0.0', ...store])
  expect(await model(pull)).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('2.0.0, which is newer'),
  })
  expect(await model([...pull, '--version', '1.0.0'])).toMatchObject({ code: 0 })
})

test('when the private key is given as trusted, or no key, then that is wrong usage', async () => {
  const { key } = await keys()
  const store = await newStore()
  const pull = ['pull', 'colours', '--out', await target(), ...store]
  expect(await model([...pull, '--trust', key])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('private'),
  })
  expect(await model([...pull, '--trust', '/none'])).toMatchObject({ code: 2 })
})

test('when samples get their labels, then verify says so', async () => {
  const folder = await bundleWithSample('red')
  expect(await modelJson(['verify', folder])).toMatchObject({
    code: 0,
    answer: { samples: 1, accuracy: 1, wrong: [] },
  })
})

test('when samples get other labels, then the exit code is 9, unless less is asked for', async () => {
  const folder = await bundleWithSample('blue')
  expect(await model(['verify', folder])).toMatchObject({
    code: 9,
    stderr: expect.stringContaining('red.png is blue, not red'),
  })
  expect(await modelJson(['verify', folder, '--min-accuracy', '0'])).toMatchObject({
    code: 0,
    answer: { accuracy: 0 },
  })
  expect(await model(['verify', folder, '--hashes-only'])).toMatchObject({ code: 0 })
  expect(await model(['verify', folder, '--min-accuracy', '2'])).toMatchObject({ code: 2 })
  expect(await model(['verify', await bundle(), '--min-accuracy', '0.5'])).toMatchObject({ code: 9 })
})

test('when versions are pruned, then first it only tells, and the history can be listed', async () => {
  const store = await newStore()
  for (const version of ['1.0.0', '2.0.0']) await model(['publish', await bundle(version), ...store])
  const prune = ['prune', 'colours', '--keep', '1', ...store]
  expect((await model(prune)).stdout).toMatch(
    /^Would remove colours 1\.0\.0 \(.* k?B\)\.\nAdd --yes to do it\.\n$/,
  )
  expect(await modelJson([...prune, '--yes'])).toMatchObject({
    answer: { dryRun: false, removed: [{ version: '1.0.0' }], kept: ['2.0.0'] },
  })
  expect(await modelJson(['list', 'colours', '--history', ...store])).toMatchObject({
    answer: { versions: [{ version: '2.0.0' }], history: [{ from: '1.0.0', to: '2.0.0' }, { to: '1.0.0' }] },
  })
  expect((await model(['list', 'colours', '--history', ...store])).stdout).toMatch(
    /MOVE +WHEN +WHO +FROM +TO/,
  )
})
