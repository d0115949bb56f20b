import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { ClusterSettings } from '../env.js'
import { LaunchError } from '../errors.js'
import { shellQuote } from '../format.js'
import { givenProvider } from './given.js'
import { dockerAnswers, kindIsInstalled, kindProvider } from './kind.js'
import type { ClusterFacts, Provider } from './provider.js'
import { scriptProvider } from './script.js'

export type { ClusterFacts } from './provider.js'

/** No provider fits this machine. */
const NO_WAY_EXIT_CODE = 3

/** What `cluster:up` leaves for `cluster:down`, `cluster:status` and the end-to-end run. */
export interface ClusterState {
  provider: 'kind' | 'script' | 'given'
  script?: string
  /** Missing while it starts, or when that was cut short. */
  facts?: ClusterFacts
}

/** The cluster on this machine's disk, if there is one: `<folder>/state.json`. */
export async function readState(folder: string): Promise<ClusterState | undefined> {
  const text = await readFile(join(folder, 'state.json'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as ClusterState)
}

/** The provider that made the cluster of this state. */
export function providerOf({ provider, script = '' }: ClusterState, settings: ClusterSettings): Provider {
  if (provider === 'kind') return kindProvider(settings.folder)
  return provider === 'script' ? scriptProvider(script, settings.folder) : givenProvider(settings)
}

/**
 * Starts a cluster and a registry in the way that the settings ask for, or the first that fits, and writes how to use
 * them to the folder: kubeconfig, cluster.env for shells, state.json. When it fails or is aborted, nothing is left.
 * @throws LaunchError
 */
export async function clusterUp(settings: ClusterSettings, signal: AbortSignal): Promise<ClusterFacts> {
  const { folder } = settings
  const state = await choose(settings)
  const provider = providerOf(state, settings)
  await provider.check()
  await mkdir(folder, { recursive: true })
  // Before anything runs, so that cluster:down finds it whatever happens to this process.
  await writeState(folder, state)
  try {
    const facts = await provider.up(signal)
    await writeFile(join(folder, 'cluster.env'), environmentFile(facts))
    await writeState(folder, { ...state, facts })
    return facts
  } catch (error) {
    await clusterDown(settings).catch(() => {})
    throw error
  }
}

/** Ends what `clusterUp` started and removes its folder. Fine when there is nothing. */
export async function clusterDown(settings: ClusterSettings): Promise<void> {
  const state = await readState(settings.folder)
  if (state) await providerOf(state, settings).down()
  await rm(settings.folder, { recursive: true, force: true })
}

async function choose(settings: ClusterSettings): Promise<ClusterState> {
  const { CLUSTER, CLUSTER_SCRIPT, KUBECONFIG, REGISTRY } = settings
  const script = CLUSTER_SCRIPT === undefined ? undefined : resolve(CLUSTER_SCRIPT)
  // A shell that read an earlier cluster.env still has both.
  const isForeign = KUBECONFIG !== join(settings.folder, 'kubeconfig')
  if (CLUSTER === 'given' || (CLUSTER === undefined && KUBECONFIG && REGISTRY && isForeign)) {
    return { provider: 'given' }
  }
  if (CLUSTER === 'script' && script === undefined) {
    throw new LaunchError('CLUSTER=script needs the path of the script.', 'Set CLUSTER_SCRIPT', 2)
  }
  const docker = CLUSTER !== 'script' && (await dockerAnswers())
  const kind = docker && (await kindIsInstalled())
  if (kind) return { provider: 'kind' }
  if (CLUSTER !== 'kind' && script !== undefined) return { provider: 'script', script }
  throw new LaunchError(
    docker
      ? 'Docker answers, but kind is not installed.'
      : 'There is no way to a cluster: no docker engine answers, and CLUSTER_SCRIPT is not set.',
    docker
      ? 'Install it: https://kind.sigs.k8s.io/docs/user/quick-start/#installation'
      : 'Start Docker (and install kind), or give an existing cluster: KUBECONFIG and REGISTRY. See docs/cluster.md',
    NO_WAY_EXIT_CODE,
  )
}

async function writeState(folder: string, state: ClusterState): Promise<void> {
  await writeFile(join(folder, 'state.json'), `${JSON.stringify(state, null, 2)}\n`)
}

/** For `set -a; . cluster.env`: the names that deploy/scripts read. */
function environmentFile(facts: ClusterFacts): string {
  const values = {
    KUBECONFIG: facts.kubeconfig,
    REGISTRY: facts.registry,
    REGISTRY_PLAIN_HTTP: String(facts.registryPlainHttp),
    HOST_ADDRESS: facts.hostAddress,
    SERVICE_TYPE: facts.serviceType,
    NODE_ADDRESS: facts.nodeAddress,
  }
  return Object.entries(values)
    .map(([name, value]) => `${name}=${shellQuote(value)}\n`)
    .join('')
}
