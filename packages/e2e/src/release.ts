import { join } from 'node:path'
import { sampleBundles } from '@repo/sample-model'
import { type Build, commit } from './build.js'
import { root } from './env.js'
import { Load } from './load.js'
import { outFolder, outputs, script, type World } from './world.js'

export const NAMESPACE = 'inference-e2e'
/** With a canary, 3 of them are stable. */
export const PODS = 4
const CANARY_PERCENT = 25
/** Enough that a canary with a quarter of the traffic can't miss these limits by chance. */
const CANARY_ANSWERS = 300
const CANARY_SHARE = { least: 0.15, most: 0.35 }

/** What deploy.sh, promote.sh and rollback.sh read for the release of this run. */
export function releaseSettings(
  world: World,
  release: Record<string, string>,
  more = '',
): Record<string, string> {
  const set = [
    `service.type=${world.cluster.serviceType}`,
    'networkPolicy.ingressCidrs={0.0.0.0/0}',
    `podLabels.run=${NAMESPACE}`,
  ]
  return {
    ...{ NAMESPACE, TIMEOUT: '3m', VALUES_FILES: join(root, 'deploy/charts/inference/values-local.yaml') },
    HELM_ARGS: `${set.map((value) => `--set ${value}`).join(' ')} --set replicaCount=${PODS} ${more}`,
    ...release,
  }
}

/** The first deployment. From its end on there is load, all the time. */
export async function deployFirst(world: World, first: Build): Promise<void> {
  const { step } = world.report
  await step(`Deploy model ${first.version} by digest`, async () => {
    const { revision } = await script(world, first.out, 'deploy.sh', releaseSettings(world, first.release))
    return `revision ${revision}`
  })
  await step('Smoke test', () => smoke(world, first.out, first))
  const { url = '' } = await outputs(world, first.out)
  const folder = sampleBundles[0] ?? ''
  // Taken from the committed bundle; both versions know it.
  world.report.load = new Load({
    url,
    image: { path: join(folder, 'samples/00-ankle-boot.png'), label: 'Ankle boot' },
  })
}

/** A canary in one of four pods gets its share of the traffic, and then all of it. */
export async function canaryAndPromote(world: World, next: Build): Promise<void> {
  const { step, load } = world.report
  if (!load) throw new Error('there is no load')
  const canary = { ...next.release, CANARY: String(CANARY_PERCENT) }
  const stable = `--set replicaCount=${PODS - 1}`
  await step(`Model ${next.version} as a canary, 1 pod of ${PODS}`, () =>
    script(world, next.out, 'deploy.sh', releaseSettings(world, canary, stable)),
  )
  await step('The canary gets a quarter of the traffic', async () => {
    const before = load.read().versions
    const total = () => Object.values(load.counts.versions).reduce((sum, count) => sum + count, 0)
    const began = total()
    while (total() - began < CANARY_ANSWERS) await load.untilGood(50, world.shell.signal)
    const answered = (load.counts.versions[next.version] ?? 0) - (before[next.version] ?? 0)
    const share = answered / (total() - began)
    if (share < CANARY_SHARE.least || share > CANARY_SHARE.most) throw new Error(`its share is ${share}`)
    return `${answered} of ${total() - began} answers`
  })
  await step(`Promote model ${next.version}`, () =>
    script(world, next.out, 'promote.sh', releaseSettings(world, { CHART: next.release.CHART })),
  )
  await step('Smoke test', () => smoke(world, next.out, next))
}

export async function rollBack(world: World, first: Build, REVISION: string): Promise<void> {
  await world.report.step(`Roll back to model ${first.version}`, async () => {
    await script(world, first.out, 'rollback.sh', { NAMESPACE, REVISION })
    await smoke(world, first.out, first)
  })
}

/** smoke.sh on what was last deployed from `out`: it has to be this commit, and the model of this build. */
export async function smoke(world: World, out: string, build: Build): Promise<void> {
  const { url = '' } = await outputs(world, out)
  const environment = {
    EXPECT_COMMIT: await commit(world),
    EXPECT_MODEL_VERSION: build.version,
    MODEL_DIR: join(outFolder(world, build.out), 'model'),
  }
  await script(world, out, 'smoke.sh', environment, [url])
}
