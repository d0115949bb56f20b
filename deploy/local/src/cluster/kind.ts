import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { LaunchError } from '../errors.js'
import type { Provider } from './provider.js'
import { registryAnswers } from './registry.js'
import { run, succeeds } from './shell.js'

const REGISTRY_IMAGE = 'registry:2'
/** As docker here and the node's containerd both call it. 5000 belongs to macOS. */
const REGISTRY = 'localhost:5001'
/** Docker Desktop's nodes have no address that macOS or Windows reach, so their ports are mapped to loopback. */
const NODE_ADDRESS = '127.0.0.1'
/** Kubernetes gives out no others, so each of them can be mapped to the same port here. */
const NODE_PORTS = { first: 30_080, last: 30_095 }

const portMappings = Array.from(
  { length: NODE_PORTS.last - NODE_PORTS.first + 1 },
  (_, index) => NODE_PORTS.first + index,
).map((port) => `      - { containerPort: ${port}, hostPort: ${port}, listenAddress: ${NODE_ADDRESS} }\n`)

/** The kubeadm patch names no version: kind fits such a one to each version of kubeadm. */
const KIND_CONFIG = `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
containerdConfigPatches:
  - |-
    [plugins."io.containerd.grpc.v1.cri".registry]
      config_path = "/etc/containerd/certs.d"
kubeadmConfigPatches:
  - |
    kind: ClusterConfiguration
    apiServer:
      extraArgs:
        service-node-port-range: "${NODE_PORTS.first}-${NODE_PORTS.last}"
nodes:
  - role: control-plane
    extraPortMappings:
${portMappings.join('')}`

const PORT_IS_TAKEN = /port is already allocated|address already in use/i
const PORT_ADVICE =
  "If another checkout's cluster is up, end it there: npm run cluster:down. docker ps shows who has the port"

/** kind with a local registry, wired as kind's documentation has it: https://kind.sigs.k8s.io/docs/user/local-registry/ */
export function kindProvider(folder: string): Provider {
  const kubeconfig = join(folder, 'kubeconfig')
  // Of this folder, so that what has our name is ours, and not another checkout's.
  const name = `devops-for-ai-apps-${createHash('sha256').update(folder).digest('hex').slice(0, 8)}`
  const registryContainer = `${name}-registry`
  const down = async (signal?: AbortSignal) => {
    const options = signal ? { signal } : {}
    await run('kind', ['delete', 'cluster', '--name', name, '--kubeconfig', kubeconfig], options)
    await run('docker', ['rm', '--force', '--volumes', registryContainer], options)
  }
  return {
    title: 'kind on docker',
    check: async () => {},
    async up(signal) {
      const docker = async (...args: string[]) => await run('docker', args, { signal })
      // They outlive a folder that somebody deleted by hand. What can't be removed is in the way of the next steps.
      await down(signal).catch(() => {})
      const port = `127.0.0.1:${REGISTRY.split(':')[1]}:5000`
      await docker('run', '--detach', '--publish', port, '--name', registryContainer, REGISTRY_IMAGE).catch(
        (error: Error) => {
          throw PORT_IS_TAKEN.test(error.message) ? new LaunchError(error.message, PORT_ADVICE) : error
        },
      )
      await run('kind', ['create', 'cluster', '--name', name, '--kubeconfig', kubeconfig, '--config', '-'], {
        input: KIND_CONFIG,
        signal,
      })
      const hosts = `/etc/containerd/certs.d/${REGISTRY}`
      for (const node of (await run('kind', ['get', 'nodes', '--name', name], { signal })).split('\n')) {
        await docker('exec', node, 'mkdir', '-p', hosts)
        await run('docker', ['exec', '-i', node, 'cp', '/dev/stdin', `${hosts}/hosts.toml`], {
          input: `[host."http://${registryContainer}:5000"]\n`,
          signal,
        })
      }
      await docker('network', 'connect', 'kind', registryContainer)
      return {
        ...{ kubeconfig, registry: REGISTRY, registryPlainHttp: true },
        ...{ hostAddress: await hostAddress(signal), serviceType: 'NodePort', nodeAddress: NODE_ADDRESS },
      }
    },
    down: async () => await down(),
    async isUp() {
      const clusters = await run('kind', ['get', 'clusters']).catch(() => '')
      return clusters.split('\n').includes(name) && (await registryAnswers(REGISTRY))
    },
  }
}

/** Does a docker engine answer? `docker info` succeeds without one; only an engine tells its version. */
export async function dockerAnswers(): Promise<boolean> {
  const version = await run('docker', ['version', '--format', '{{.Server.Version}}']).catch(() => '')
  return version !== ''
}

export async function kindIsInstalled(): Promise<boolean> {
  return await succeeds('kind', 'version')
}

/** A Linux engine's gateway of kind's network is this machine; Docker Desktop, also in WSL, has a name for it. */
async function hostAddress(signal: AbortSignal): Promise<string> {
  const engine = await run('docker', ['info', '--format', '{{.OperatingSystem}}'], { signal })
  if (process.platform !== 'linux' || engine === 'Docker Desktop') return 'host.docker.internal'
  const format = '{{range .IPAM.Config}}{{.Gateway}} {{end}}'
  const gateways = await run('docker', ['network', 'inspect', 'kind', '--format', format], { signal })
  return gateways.split(/\s+/).find((address) => /^\d+(\.\d+){3}$/.test(address)) ?? ''
}
