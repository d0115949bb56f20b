import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from './env.js'
import { container, model, outFolder, script, type World } from './world.js'

/** One good build: what is deployed, and what the next one is compared with. */
export interface Build {
  version: string
  /** The folder of this build's files; deploy/scripts read the outputs there. */
  out: string
  image: string
  /** IMAGE_REPOSITORY, IMAGE_DIGEST and CHART, as deploy.sh reads them. */
  release: { IMAGE_REPOSITORY: string; IMAGE_DIGEST: string; CHART: string }
  layers: string[]
}

/** Local names of this run's images. */
export const imageName = (tag: string) => `localhost/inference-e2e:${tag}`

/** The build pipeline, script by script: from a published model to an image in the registry and a chart. */
export async function build(world: World, folder: string, version: string, previous?: Build): Promise<Build> {
  const { step } = world.report
  const out = version
  const image = imageName(version)
  const common = { MODEL_STORE: world.store, MODEL_NAME: 'fashion-mnist', IMAGE: image, ...world.bases }
  const run = async (name: string, more = {}) => await script(world, out, name, { ...common, ...more })

  await step(`Publish model ${version} to Azurite`, () => model(world, 'publish', folder))
  await step(`Pull and check model ${version}`, async () => {
    const LAST_MODEL_SHA256 = previous ? await modelOf(world, previous) : ''
    const { modelChanged } = await run('model-watch.sh', { LAST_MODEL_SHA256 })
    if (modelChanged !== 'true') throw new Error(`model-watch.sh did not see the new model: ${modelChanged}`)
    const { modelVersion } = await run('model-pull.sh')
    if (modelVersion !== version)
      throw new Error(`the latest model should be ${version}, and is ${modelVersion}`)
    await run('model-check.sh')
  })
  await step(`Build the image with model ${version}`, async () => {
    const { imageSize = '?' } = await run('image-build.sh')
    return `${(Number(imageSize) / 1e6).toFixed(0)} MB`
  })
  const layers: string[] = JSON.parse(
    await container(world, ['image', 'inspect', '--format', '{{json .RootFS.Layers}}', image]),
  )
  if (previous)
    await step('Only the model layer is another one', async () => compare(previous.layers, layers))
  await step(`Test the image with model ${version}`, () => run('image-test.sh'))
  await step(`Push image and chart of model ${version}`, async () => {
    await run('image-push.sh', { TAG: version })
    const CHART_REGISTRY = `oci://${world.cluster.registry}/helm`
    await run('chart-package.sh', { CHART_VERSION: version, CHART_REGISTRY })
    await run('release-manifest.sh')
  })
  const { imageRepository = '', imageDigest = '', chartFile = '' } = await run('release-manifest.sh')
  const release = { IMAGE_REPOSITORY: imageRepository, IMAGE_DIGEST: imageDigest, CHART: chartFile }
  return { version, out, image, release, layers }
}

async function modelOf(world: World, { out }: Build): Promise<string> {
  return JSON.parse(await readFile(join(outFolder(world, out), 'release.json'), 'utf8')).model.sha256
}

/** @throws Error unless all layers but one are the same */
function compare(before: string[], after: string[]): string {
  const changed = after.filter((layer) => !before.includes(layer))
  if (before.length !== after.length || changed.length !== 1) {
    throw new Error(
      `1 of ${before.length} layers should have changed: ${changed.length} of ${after.length} have`,
    )
  }
  return `1 of ${after.length} layers`
}

/** The commit that the images are built from. */
export async function commit({ shell }: World): Promise<string> {
  return await shell.run('git', ['-C', root, 'rev-parse', 'HEAD'])
}
