import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { root, run, scripts } from './support.js'

const temporaryFolder = temporaryFolders()
const BUNDLES = join(root, 'packages/sample-model/bundles/fashion-mnist')
const model = (...args: string[]) => run(['node', join(root, 'packages/model-cli/bin/model.js'), ...args])
const script = (name: string, env: Record<string, string>) => run([join(scripts, name)], env)

/** A store with these versions; the last is the latest. */
async function store(...versions: string[]) {
  const folder = await temporaryFolder()
  const env = {
    MODEL_STORE: `file://${folder}/store`,
    MODEL_NAME: 'fashion-mnist',
    OUT_DIR: join(folder, 'out'),
  }
  for (const version of versions) await model('publish', join(BUNDLES, version), '--store', env.MODEL_STORE)
  return env
}

async function outputs(folder: string): Promise<Record<string, string>> {
  const lines = (await readFile(join(folder, 'outputs.env'), 'utf8')).trim().split('\n')
  return Object.fromEntries(lines.map((line) => line.split('=') as [string, string]))
}

test('when a model is pulled and checked, then its identity is an output, and checking that passes', async () => {
  const env = await store('1.0.0', '2.0.0')
  const pulled = await script('model-pull.sh', { ...env, TF_BUILD: 'True' })
  expect(pulled).toMatchObject({ status: 0 })
  const { modelSha256 = '', ...others } = await outputs(env.OUT_DIR)
  expect(others).toEqual({ modelName: 'fashion-mnist', modelVersion: '2.0.0' })
  expect(pulled.stdout).toContain(`##vso[task.setvariable variable=modelSha256;isOutput=true]${modelSha256}`)

  const gate = await script('model-check.sh', { ...env, EXPECT_MODEL_SHA256: modelSha256 })
  expect(gate).toMatchObject({
    status: 0,
    stderr: expect.stringContaining('golden samples that are right: 1 of'),
  })
})

test('when a version is asked for, then it is pulled', async () => {
  const env = await store('1.0.0', '2.0.0')
  await script('model-pull.sh', { ...env, MODEL_VERSION: '1.0.0' })
  expect(await outputs(env.OUT_DIR)).toMatchObject({ modelVersion: '1.0.0' })
})

test('when the store has no such model, then the pull fails with its own exit code', async () => {
  const env = await store()
  expect(await script('model-pull.sh', env)).toMatchObject({
    status: 3,
    stderr: expect.stringContaining('not-found'),
  })
})

test('when a file of the model was changed, then the gate fails', async () => {
  const env = await store('1.0.0')
  await script('model-pull.sh', env)
  await writeFile(join(env.OUT_DIR, 'model/labels.txt'), 'something else\n')
  expect(await script('model-check.sh', { ...env, HASHES_ONLY: 'true' })).toMatchObject({ status: 4 })
})

test('when another model lies there than the one that was checked, then the gate says so', async () => {
  const env = await store('1.0.0')
  await script('model-pull.sh', env)
  const { status, stderr } = await script('model-check.sh', {
    ...env,
    HASHES_ONLY: 'true',
    EXPECT_MODEL_SHA256: 'f00',
  })
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: expect.stringContaining('not the one that was checked'),
  })
})

test('when the model is not signed by the trusted key, then neither pull nor gate takes it', async () => {
  const env = await store('1.0.0')
  await script('model-pull.sh', env)
  const keys = join(env.OUT_DIR, 'keys')
  await model('keygen', '--out', keys)
  const trusting = { ...env, MODEL_TRUST: join(keys, 'model-signing.pub') }
  expect(await script('model-check.sh', trusting)).toMatchObject({ status: 4 })
  await rm(join(env.OUT_DIR, 'model'), { recursive: true })
  expect(await script('model-pull.sh', trusting)).toMatchObject({ status: 4 })
})

test('when a model gets a golden sample wrong, then the gate fails with exit code 9, unless that is allowed', async () => {
  const env = await store('1.0.0')
  const folder = join(env.OUT_DIR, 'model')
  await mkdir(env.OUT_DIR, { recursive: true })
  await cp(join(BUNDLES, '1.0.0'), folder, { recursive: true })
  const manifest = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'))
  const [first, second] = manifest.samples
  manifest.samples[0].label = second.label === first.label ? 'Bag' : second.label
  await writeFile(join(folder, 'model.json'), JSON.stringify(manifest))
  expect(await script('model-check.sh', env)).toMatchObject({ status: 9 })
  expect(await script('model-check.sh', { ...env, MIN_ACCURACY: '0.5' })).toMatchObject({ status: 0 })
})

test('when the last release holds the latest model, then nothing changed; with a newer one it did', async () => {
  const env = await store('1.0.0')
  await script('model-pull.sh', env)
  const { modelSha256 = '' } = await outputs(env.OUT_DIR)
  const release = join(env.OUT_DIR, 'release.json')
  await writeFile(release, JSON.stringify({ model: { sha256: modelSha256 } }))
  const watch = { ...env, LAST_RELEASE: release }

  await script('model-watch.sh', watch)
  expect(await outputs(env.OUT_DIR)).toMatchObject({ modelChanged: 'false' })

  await model('publish', join(BUNDLES, '2.0.0'), '--store', env.MODEL_STORE)
  await script('model-watch.sh', watch)
  expect(await outputs(env.OUT_DIR)).toMatchObject({ modelChanged: 'true' })
})

test('when there was no release yet, then the model counts as changed', async () => {
  const env = await store('1.0.0')
  await script('model-watch.sh', { ...env, LAST_RELEASE: join(env.OUT_DIR, 'nothing.json') })
  expect(await outputs(env.OUT_DIR)).toMatchObject({ modelChanged: 'true' })
})
