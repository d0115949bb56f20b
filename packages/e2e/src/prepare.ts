import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { startAzurite } from '@repo/azurite'
import { resolveTool } from '@repo/kube-tools'
import { type ClusterFacts, readState } from '@repo/local/cluster'
import { root, stateFolder } from './env.js'
import type { Report } from './report.js'
import type { Shell } from './shell.js'
import type { World } from './world.js'

/** What has to be undone at the end, the last first. */
export type AtEnd = (what: string, action: (shell: Shell) => Promise<unknown>) => void

/** There is no way to a cluster or to images on this machine. */
export class Unavailable extends Error {}

/** The launcher's exit code when nothing on this machine can be a cluster. */
const NO_WAY = 3
const CONTAINER = 'models'

/** Everything before the first model: packages, tools, cluster, registry, base images, an empty store. */
export async function prepare(report: Report, shell: Shell, folder: string, atEnd: AtEnd): Promise<World> {
  const { step } = report
  const local = (path: string) => join(root, 'deploy/local', path)
  await step('A container engine', async () => {
    const engine = await shell.attempt('bash', ['-c', '. deploy/scripts/lib.sh; engine'])
    if (engine.code === 0) return engine.stdout.trim()
    if (process.platform !== 'linux') throw new Unavailable(engine.output.trim())
    const { code, output } = await shell.attempt(local('install-debian.sh'), [])
    if (code !== 0)
      throw new Unavailable(`No container engine answers, and none could be installed.\n${output}`)
    return 'podman, just installed'
  })
  const tools = await step('Helm 3, Helm 4 and kubectl', async () => ({
    helm3: await resolveTool('helm3'),
    helm4: await resolveTool('helm4'),
    kubectl: await resolveTool('kubectl'),
  }))
  const { cluster, clusterStays } = await step('A cluster and a registry', () =>
    openCluster(shell, local('bin/cluster.js'), atEnd),
  )
  const bases = await step('Base images', async () => {
    const isDocker = (await shell.run('bash', ['-c', '. deploy/scripts/lib.sh; engine'])) === 'docker'
    // Where docker is, so is a registry of images.
    if (isDocker) return {}
    const printed = await shell.run(local('base-image/base-image.sh'), [])
    return Object.fromEntries([...printed.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]))
  })
  const stores = await step('Azurite', () => openStore(cluster, atEnd))
  return { report, shell, folder, tools, cluster, clusterStays, bases, ...stores }
}

/** The cluster that is up already, which then stays; else one for this run. */
async function openCluster(
  shell: Shell,
  bin: string,
  atEnd: AtEnd,
): Promise<{ cluster: ClusterFacts; clusterStays: boolean }> {
  const clusterStays = (await shell.attempt(process.execPath, [bin, 'status'])).code === 0
  if (!clusterStays) {
    atEnd('the cluster and its registry', (cleaner) => cleaner.run(process.execPath, [bin, 'down']))
    const { code, output } = await shell.attempt(process.execPath, [bin, 'up'])
    if (code === NO_WAY) throw new Unavailable(output.trim())
    if (code !== 0) throw new Error(output.trim())
  }
  const state = await readState(join(stateFolder, 'cluster'))
  if (!state?.facts) throw new Error('cluster:up left no state')
  return { cluster: state.facts, clusterStays }
}

/** An empty Azurite that pods reach too. */
async function openStore(
  { hostAddress }: ClusterFacts,
  atEnd: AtEnd,
): Promise<Pick<World, 'store' | 'podStore'>> {
  const mine = Object.values(networkInterfaces()).some((list) =>
    list?.some(({ address }) => address === hostAddress),
  )
  // Docker Desktop brings pods to loopback, by a name that only they know.
  const azurite = await startAzurite(mine ? { host: hostAddress } : {})
  atEnd('Azurite', azurite.stop)
  const at = (address: string) => `azurite://${address}:${azurite.port}/${CONTAINER}`
  return { store: at(mine ? hostAddress : '127.0.0.1'), podStore: at(hostAddress || '127.0.0.1') }
}
