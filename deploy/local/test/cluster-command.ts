import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { launcherEnvironment } from './env.js'
import { root } from './launcher.js'

/** Runs the built `cluster` command to its end, without a cluster's settings of the machine it runs on. */
export async function clusterCommand(
  args: string[],
  environment: Record<string, string>,
): Promise<{ code: number; output: string }> {
  const names = ['CLUSTER', 'CLUSTER_SCRIPT', 'KUBECONFIG', 'REGISTRY', 'HOST_ADDRESS', 'NODE_ADDRESS']
  const unset = Object.fromEntries(names.map((name) => [name, '']))
  const child = spawn(process.execPath, [join(root, 'deploy/local/bin/cluster.js'), ...args], {
    env: launcherEnvironment({ ...unset, ...environment }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    output += chunk
  })
  const code = await new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? -1)))
  return { code, output }
}
