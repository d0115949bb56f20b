import type { Build } from './build.js'
import { NAMESPACE, releaseSettings, smoke } from './release.js'
import { kubectl, script, until, type World } from './world.js'

const PULLED_NAMESPACE = 'inference-e2e-pulled'
/** Every namespace has these, whoever lives in it. */
const ALWAYS_THERE = /^(serviceaccount\/default|configmap\/kube-root-ca\.crt|secret\/default-token-.*)$/

/** The same chart in its other forms, by Helm 3: the model pulled at start, and the model as another release's endpoint. */
export async function variants(world: World, image: Build, latest: Build): Promise<void> {
  const { step } = world.report
  const pulled = `--set model.mode=pulled --set model.name=fashion-mnist --set model.store=${world.podStore} --set replicaCount=1`
  const deploy = async (more: string) => {
    const settings = releaseSettings(world, image.release, more)
    await script(world, 'pulled', 'deploy.sh', {
      ...settings,
      NAMESPACE: PULLED_NAMESPACE,
      HELM: world.tools.helm3,
    })
  }
  await step(`Mode pulled: the image of ${image.version} serves model ${latest.version}`, async () => {
    await deploy(pulled)
    await smoke(world, 'pulled', latest)
  })
  await step("A thin app that asks the other release's model", () =>
    // helm test sends the golden samples to the thin app too.
    deploy(
      `${pulled} --set modelEndpoint.enabled=true --set modelEndpoint.url=http://inference.${NAMESPACE}`,
    ),
  )
}

/** Takes both releases away. The load has to be stopped before. */
export async function uninstall(world: World): Promise<void> {
  const { shell, tools, cluster, report } = world
  await report.step('Uninstall leaves nothing', async () => {
    const types = (await kubectl(world, 'api-resources', '--verbs=list', '--namespaced', '--output', 'name'))
      .split('\n')
      .filter((type) => !type.startsWith('events'))
    for (const [namespace, helm] of [
      [NAMESPACE, tools.helm4],
      [PULLED_NAMESPACE, tools.helm3],
    ] as const) {
      const args = [
        'uninstall',
        'inference',
        '--namespace',
        namespace,
        '--kubeconfig',
        cluster.kubeconfig,
        '--wait',
      ]
      await shell.run(helm, args)
      let left: string[] = []
      await until(
        world,
        () => `nothing is left in ${namespace}, but ${left}`,
        async () => {
          const listed = await kubectl(world, '-n', namespace, 'get', types.join(','), '--output', 'name')
          left = listed.split('\n').filter((name) => name !== '' && !ALWAYS_THERE.test(name))
          return left.length === 0 ? true : undefined
        },
      )
    }
    return `of ${types.length} types of objects`
  })
}

/** What an earlier run may have left in a cluster that stays. */
export async function removeNamespaces(world: World): Promise<void> {
  await kubectl(world, 'delete', 'namespace', NAMESPACE, PULLED_NAMESPACE, '--ignore-not-found')
}
