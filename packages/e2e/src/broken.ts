import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeManifest } from '@repo/model-bundle'
import type { Build } from './build.js'
import { imageName } from './build.js'
import { NAMESPACE, releaseSettings } from './release.js'
import { container, isReady, model, outFolder, pods, script, stopped, type World } from './world.js'

/** How long a deployment that can't succeed is given. */
const TIMEOUT = '15s'

/** Without it, a process 1 takes no notice of SIGTERM. */
const END = `process.once('SIGTERM', () => process.exit());`

/** Programs that take the app's place in a good image. */
const APPS = {
  crashes: `console.error('broken on purpose'); process.exit(1)`,
  'is never ready': `${END} require('node:http').createServer((request, response) => {
    response.statusCode = request.url === '/healthz' ? 200 : 503
    response.end('broken on purpose')
  }).listen(8080)`,
  'answers wrongly': `${END} require('node:http').createServer((_, response) => response.end('{}')).listen(8080)`,
}

/** A wrong model and wrong apps: each is stopped by a gate or rolled back, and nobody outside notices. */
export async function breakThings(world: World, good: Build): Promise<void> {
  const { step } = world.report
  const folder = outFolder(world, 'broken')
  await mkdir(folder, { recursive: true })
  // The broken images are made of the good one, whose parts these are.
  await cp(join(outFolder(world, good.out), 'sbom.cdx.json'), join(folder, 'sbom.cdx.json'))
  await step('A model with wrong labels is stopped by the quality gate', () => wrongModel(world, good))
  await step('An app that answers wrongly is stopped by the test of its image', async () => {
    const IMAGE = await brokenImage(world, good, 'answers wrongly')
    const environment = { ...world.bases, IMAGE, MODEL_DIR: join(outFolder(world, good.out), 'model') }
    return await stopped(world, 'broken', 'image-test.sh', environment, /is not fit for use/)
  })
  for (const name of ['crashes', 'is never ready'] as const) {
    await step(`An app that ${name} is rolled back`, async () => {
      const IMAGE = await brokenImage(world, good, name)
      const pushed = await script(world, 'broken', 'image-push.sh', { IMAGE, TAG: IMAGE.split(':')[1] ?? '' })
      return await rolledBack(world, {
        ...good.release,
        IMAGE_REPOSITORY: pushed.imageRepository ?? '',
        IMAGE_DIGEST: pushed.imageDigest ?? '',
        TIMEOUT,
      })
    })
  }
  await step('A setting that only helm test finds wrong is rolled back', () =>
    // Samples are smaller, tensors are larger.
    rolledBack(world, good.release, '--set config.BODY_LIMIT_BYTES=2000'),
  )
  await step('A memory limit that is too small is rolled back', () =>
    rolledBack(
      world,
      { ...good.release, TIMEOUT },
      '--set resources.limits.memory=40Mi --set resources.requests.memory=40Mi',
    ),
  )
}

/** Consistent in itself, every hash is right; only the answers are wrong. */
async function wrongModel(world: World, good: Build): Promise<string> {
  const folder = join(outFolder(world, 'broken'), 'bundle')
  await cp(join(outFolder(world, good.out), 'model'), folder, { recursive: true })
  const labels = join(folder, 'labels.txt')
  await writeFile(labels, `${(await readFile(labels, 'utf8')).trim().split('\n').reverse().join('\n')}\n`)
  // The new list of files is made from what lies there.
  const { files: _, ...manifest } = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'))
  await writeManifest(folder, { ...manifest, version: '3.0.0' })
  await model(world, 'publish', folder)
  const environment = { MODEL_STORE: world.store, MODEL_NAME: 'fashion-mnist' }
  await script(world, 'broken', 'model-pull.sh', environment)
  const why = await stopped(world, 'broken', 'model-check.sh', environment, /gets \d+ of \d+ samples right/)
  await model(world, 'promote', 'fashion-mnist', good.version)
  return why
}

async function brokenImage(world: World, good: Build, name: keyof typeof APPS): Promise<string> {
  const image = imageName(name.replaceAll(' ', '-'))
  const file = join(outFolder(world, 'broken'), 'Containerfile')
  await writeFile(file, `FROM ${good.image}\nCMD ${JSON.stringify(['-e', APPS[name]])}\n`)
  await container(world, [
    'build',
    '--pull=never',
    '--tag',
    image,
    '--file',
    file,
    outFolder(world, 'broken'),
  ])
  return image
}

/** Deploys it, sees it fail, and sees that the same pods as before serve. */
async function rolledBack(world: World, release: Record<string, string>, more = ''): Promise<string> {
  const serving = async () =>
    (await pods(world, NAMESPACE)).filter(isReady).map(({ metadata }) => metadata.name)
  const before = await serving()
  const settings = releaseSettings(world, release, more)
  const how = await stopped(world, 'broken', 'deploy.sh', settings, /is back on revision \d+/)
  const after = await serving()
  return `${how}; ${before.filter((name) => after.includes(name)).length} of ${before.length} pods are the same`
}
