import { relative } from 'node:path'
import { type ClusterSettings, readClusterSettings } from '../env.js'
import { LaunchError } from '../errors.js'
import { createOutput, type Output } from '../output.js'
import { clusterDown, clusterUp, providerOf, readState } from './cluster.js'
import type { ClusterFacts } from './provider.js'

const abort = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => abort.abort(new LaunchError('Stopped, nothing is left running.', undefined, 130)))
}

const commands: Record<string, (settings: ClusterSettings, output: Output) => Promise<number>> = {
  up,
  down,
  status,
}

async function up(settings: ClusterSettings, output: Output): Promise<number> {
  const state = await readState(settings.folder)
  if (state?.facts && (await providerOf(state, settings).isUp())) {
    output.line('The cluster is up already.')
    show(state.facts, output)
    return 0
  }
  if (state) {
    const step = output.step('Remove what an earlier cluster left')
    await clusterDown(settings)
    step.done('Removed what an earlier cluster left')
  }
  const step = output.step('Start a cluster and a registry')
  const facts = await clusterUp(settings, abort.signal)
  step.done('Cluster and registry are up')
  show(facts, output)
  return 0
}

async function down(settings: ClusterSettings, output: Output): Promise<number> {
  const step = output.step('End the cluster and its registry')
  await clusterDown(settings)
  step.done('No cluster is left')
  return 0
}

async function status(settings: ClusterSettings, output: Output): Promise<number> {
  const state = await readState(settings.folder)
  const isUp = state?.facts !== undefined && (await providerOf(state, settings).isUp())
  output.line(isUp && state ? `Up: ${providerOf(state, settings).title}` : 'No cluster is up.')
  if (isUp && state?.facts) show(state.facts, output)
  else if (state)
    output.error('One was started, and does not answer.', 'npm run cluster:down, then cluster:up')
  return isUp ? 0 : 1
}

function show({ kubeconfig, registry, hostAddress }: ClusterFacts, output: Output): void {
  output.line(`The registry is ${registry}; pods reach this machine at ${hostAddress || '(no address)'}`)
  output.line('For this shell:')
  output.line(
    `  set -a; . ${relative(process.cwd(), kubeconfig.replace(/kubeconfig$/, 'cluster.env'))}; set +a`,
  )
}

const [name = '', ...rest] = process.argv.slice(2)
const command = commands[name]
let output = createOutput({ redraw: false, colour: false })
try {
  if (!command || rest.length > 0) {
    throw new LaunchError('Which command: up, down or status?', 'See docs/cluster.md', 2)
  }
  const redraw = process.stdout.isTTY === true
  output = createOutput({ redraw, colour: redraw })
  process.exitCode = await command(readClusterSettings(), output)
} catch (error) {
  const known = error instanceof LaunchError ? error : undefined
  output.error(known?.message ?? (error as Error).stack ?? String(error), known?.next)
  process.exitCode = known?.exitCode ?? 1
}
