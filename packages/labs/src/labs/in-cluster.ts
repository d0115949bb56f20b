import { NAMESPACE, type Workbench } from '../workbench.js'
import { ensurePushed, type ImageNumber } from './images.js'

/** Takes the labs' release away, if there is one. */
export async function noRelease(bench: Workbench): Promise<void> {
  // The first call also tells whether there is a cluster.
  if ((await bench.history()).length > 0) await bench.helm('uninstall', 'inference', '--wait')
}

/** Three pods of an image, freshly installed. */
export async function freshRelease(bench: Workbench, number: ImageNumber): Promise<void> {
  await noRelease(bench)
  const digest = await ensurePushed(bench, number)
  await bench.script('deploy.sh', {
    NAMESPACE,
    CHART: 'deploy/charts/inference',
    VALUES_FILES: 'deploy/charts/inference/values-local.yaml',
    IMAGE_REPOSITORY: await bench.output('imageRepository'),
    IMAGE_DIGEST: digest,
    HELM_ARGS: `--set service.type=${await bench.serviceType()} --set replicaCount=3`,
  })
}

interface Pod {
  status: {
    conditions?: { type: string; status: string }[]
    containerStatuses?: { restartCount: number }[]
  }
}

/** The release's pods that serve. */
export async function pods(bench: Workbench): Promise<{ isReady: boolean; restarts: number }[]> {
  const selector = 'app.kubernetes.io/instance=inference,app.kubernetes.io/component=server'
  const { items } = JSON.parse(await bench.kubectl('get', 'pods', '--selector', selector, '--output', 'json'))
  return (items as Pod[]).map(({ status }) => ({
    isReady: status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
    restarts: Math.max(0, ...(status.containerStatuses ?? []).map(({ restartCount }) => restartCount)),
  }))
}

/** The revision that serves. @throws Error without one */
export async function deployed(bench: Workbench) {
  const revision = (await bench.history()).findLast(({ status }) => status === 'deployed')
  if (!revision) throw new Error(`there is no release "inference" in the namespace ${NAMESPACE}`)
  return { ...revision, values: await bench.values(revision.revision) }
}
