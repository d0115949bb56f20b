import { join } from 'node:path'
import type { Provider } from './provider.js'
import { registryAnswers } from './registry.js'
import { run, succeeds } from './shell.js'

const NAME = 'devops-for-ai-apps'
const REGISTRY_CONTAINER = `${NAME}-registry`
const REGISTRY_IMAGE = 'registry:2'
/** As docker here and the node's containerd both call it. 5000 belongs to macOS. */
const REGISTRY = 'localhost:5001'

const KIND_CONFIG = `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
containerdConfigPatches:
  - |-
    [plugins."io.containerd.grpc.v1.cri".registry]
      config_path = "/etc/containerd/certs.d"
`

/** kind with a local registry, wired as kind's documentation has it: https://kind.sigs.k8s.io/docs/user/local-registry/ */
export function kindProvider(folder: string): Provider {
  const kubeconfig = join(folder, 'kubeconfig')
  return {
    title: 'kind on docker',
    // What has our name is ours.
    check: async () => {},
    async up(signal) {
      const docker = async (...args: string[]) => await run('docker', args, { signal })
      const port = `127.0.0.1:${REGISTRY.split(':')[1]}:5000`
      await docker('run', '--detach', '--publish', port, '--name', REGISTRY_CONTAINER, REGISTRY_IMAGE)
      await run('kind', ['create', 'cluster', '--name', NAME, '--kubeconfig', kubeconfig, '--config', '-'], {
        input: KIND_CONFIG,
        signal,
      })
      const hosts = `/etc/containerd/certs.d/${REGISTRY}`
      for (const node of (await run('kind', ['get', 'nodes', '--name', NAME], { signal })).split('\n')) {
        await docker('exec', node, 'mkdir', '-p', hosts)
        await run('docker', ['exec', '-i', node, 'cp', '/dev/stdin', `${hosts}/hosts.toml`], {
          input: `[host."http://${REGISTRY_CONTAINER}:5000"]\n`,
          signal,
        })
      }
      await docker('network', 'connect', 'kind', REGISTRY_CONTAINER)
      return {
        ...{ kubeconfig, registry: REGISTRY, registryPlainHttp: true },
        ...{ hostAddress: await hostAddress(signal), serviceType: 'NodePort' },
      }
    },
    async down() {
      await run('kind', ['delete', 'cluster', '--name', NAME, '--kubeconfig', kubeconfig])
      await run('docker', ['rm', '--force', '--volumes', REGISTRY_CONTAINER])
    },
    async isUp() {
      const clusters = await run('kind', ['get', 'clusters']).catch(() => '')
      return clusters.split('\n').includes(NAME) && (await registryAnswers(REGISTRY))
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

/** On Linux the gateway of kind's network is this machine; Docker Desktop has a name for it. */
async function hostAddress(signal: AbortSignal): Promise<string> {
  if (process.platform !== 'linux') return 'host.docker.internal'
  const format = '{{range .IPAM.Config}}{{.Gateway}} {{end}}'
  const gateways = await run('docker', ['network', 'inspect', 'kind', '--format', format], { signal })
  return gateways.split(/\s+/).find((address) => /^\d+(\.\d+){3}$/.test(address)) ?? ''
}
