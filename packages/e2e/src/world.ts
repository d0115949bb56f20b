import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClusterFacts } from '@repo/local/cluster'
import { root } from './env.js'
import type { Report } from './report.js'
import type { Result, Shell } from './shell.js'

export interface Pod {
  metadata: { name: string; deletionTimestamp?: string; labels: Record<string, string> }
  status: {
    conditions?: { type: string; status: string }[]
    containerStatuses?: { restartCount: number; lastState: { terminated?: { reason: string } } }[]
  }
}

const POLL_MS = 250
const PATIENCE_MS = 120_000

/** What the steps work with once the cluster is up. */
export interface World {
  report: Report
  shell: Shell
  /** This run's files. */
  folder: string
  cluster: ClusterFacts
  /** It was up before, and stays. */
  clusterStays: boolean
  tools: { helm3: string; helm4: string; kubectl: string }
  /** The model store as this machine reaches it. */
  store: string
  /** The same as pods reach it. */
  podStore: string
  /** Settings for image-build.sh. */
  bases: Record<string, string>
}

/** What deploy/scripts left in `outputs.env`, by name. */
export type Outputs = Record<string, string>

/** Where a part of the run leaves its files. */
export const outFolder = (world: World, name: string) => join(world.folder, 'out', name)

/** Runs one of deploy/scripts; `out` is the folder that its steps share. */
export async function script(
  world: World,
  out: string,
  name: string,
  environment: Record<string, string> = {},
  args: string[] = [],
): Promise<Outputs> {
  const { code, output } = await attempt(world, out, name, environment, args)
  if (code !== 0) throw new Error(`${name} ended with exit code ${code}:\n${lastLines(output)}`)
  return await outputs(world, out)
}

/** The same for one that has to fail, with a message that matches. */
export async function stopped(
  world: World,
  out: string,
  name: string,
  environment: Record<string, string>,
  message: RegExp,
): Promise<string> {
  const { code, output } = await attempt(world, out, name, environment, [])
  if (code === 0) throw new Error(`${name} should have failed, and did not.`)
  const match = message.exec(output)
  if (!match) throw new Error(`${name} failed, but not with ${message}:\n${lastLines(output)}`)
  return match[0]
}

async function attempt(
  { shell, cluster, tools, folder }: World,
  out: string,
  name: string,
  environment: Record<string, string>,
  args: string[],
): Promise<Result> {
  return await shell.attempt(join(root, 'deploy/scripts', name), args, {
    environment: {
      OUT_DIR: join(folder, 'out', out),
      KUBECONFIG: cluster.kubeconfig,
      REGISTRY: cluster.registry,
      REGISTRY_PLAIN_HTTP: String(cluster.registryPlainHttp),
      NODE_ADDRESS: cluster.nodeAddress,
      HELM: tools.helm4,
      KUBECTL: tools.kubectl,
      ...environment,
    },
  })
}

export async function outputs(world: World, out: string): Promise<Outputs> {
  const text = await readFile(join(outFolder(world, out), 'outputs.env'), 'utf8').catch(() => '')
  return Object.fromEntries([...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]))
}

/** The model store's command line. */
export async function model({ shell, store }: World, ...args: string[]): Promise<string> {
  const main = join(root, 'packages/model-cli/bin/model.js')
  return await shell.run(process.execPath, [main, ...args], { environment: { MODEL_STORE: store } })
}

export async function kubectl({ shell, tools, cluster }: World, ...args: string[]): Promise<string> {
  return await shell.run(tools.kubectl, ['--kubeconfig', cluster.kubeconfig, ...args])
}

/** The container engine that deploy/scripts use, with their settings. */
export async function container({ shell, bases }: World, args: string[]): Promise<string> {
  const lib = join(root, 'deploy/scripts/lib.sh')
  return await shell.run('bash', ['-euc', '. "$0"; container "$@"', lib, ...args], {
    environment: bases,
  })
}

/** The release's pods that serve, without those that are ending. */
export async function pods(world: World, namespace: string): Promise<Pod[]> {
  const selector = 'app.kubernetes.io/component=server'
  const { items } = JSON.parse(
    await kubectl(world, '-n', namespace, 'get', 'pods', '-l', selector, '-o', 'json'),
  )
  return (items as Pod[]).filter(({ metadata }) => metadata.deletionTimestamp === undefined)
}

export const isReady = ({ status }: Pod): boolean =>
  status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false

/** Resolves with what `look` gives as soon as that is not undefined. */
export async function until<T>(
  world: World,
  what: () => string,
  look: () => Promise<T | undefined>,
): Promise<T> {
  for (const giveUp = Date.now() + PATIENCE_MS; ; ) {
    const found = await look()
    if (found !== undefined) return found
    if (Date.now() > giveUp) throw new Error(`This did not happen in ${PATIENCE_MS / 1000} s: ${what()}`)
    await sleep(POLL_MS, undefined, { signal: world.shell.signal })
  }
}

/** Resolves once so many pods of the release are ready. */
export async function untilReady(world: World, namespace: string, count: number): Promise<void> {
  await until(
    world,
    () => `${count} pods are ready`,
    async () => {
      const ready = (await pods(world, namespace)).filter(isReady)
      return ready.length === count ? true : undefined
    },
  )
}

const lastLines = (text: string) => text.trim().split('\n').slice(-30).join('\n')
