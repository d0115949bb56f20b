import { chmod, copyFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import type { ClusterSettings } from '../env.js'
import { LaunchError } from '../errors.js'
import type { Provider } from './provider.js'

/** A cluster and a registry that exist already. Nothing of them is started or ended here. */
export function givenProvider(settings: ClusterSettings): Provider {
  const { KUBECONFIG = '', REGISTRY = '', folder } = settings
  return {
    title: `the cluster of ${KUBECONFIG}`,
    async check() {
      if (KUBECONFIG === '' || REGISTRY === '' || KUBECONFIG.includes(delimiter)) {
        throw new LaunchError(
          'An existing cluster needs KUBECONFIG, one file, and REGISTRY, where the cluster pulls from.',
          'See docs/cluster.md',
          2,
        )
      }
    },
    async up() {
      const kubeconfig = join(folder, 'kubeconfig')
      await copyFile(KUBECONFIG, kubeconfig)
      await chmod(kubeconfig, 0o600)
      return {
        kubeconfig,
        registry: REGISTRY,
        registryPlainHttp: settings.REGISTRY_PLAIN_HTTP === 'true',
        hostAddress: settings.HOST_ADDRESS,
        serviceType: 'NodePort',
        nodeAddress: settings.NODE_ADDRESS,
      }
    },
    down: async () => {},
    isUp: async () => true,
  }
}
