import { join } from 'node:path'
import { LaunchError } from '../errors.js'
import type { Provider } from './provider.js'
import { registryAnswers, startRegistry, stopRegistry } from './registry.js'
import { run, succeeds } from './shell.js'

/** This machine as the script's node and pods see it; the node trusts a registry there over plain http, on this port. */
const HOST = '10.98.0.1'
const REGISTRY = `${HOST}:5000`

/** The cluster that a script starts on Debian as root, without a container engine, and Debian's registry beside it. */
export function scriptProvider(script: string, folder: string): Provider {
  const kubeconfig = join(folder, 'kubeconfig')
  const registryFolder = join(folder, 'registry')
  const environment = { KUBECONFIG: kubeconfig }
  return {
    title: `the cluster of ${script}`,
    async check() {
      if (await succeeds(script, 'status')) {
        throw new LaunchError(`A cluster of ${script} runs already, and it is not ours.`, `${script} down`)
      }
    },
    async up(signal) {
      // A cluster that was killed, of this checkout or another, leaves its data: the next would go on with its pods.
      await run(script, ['down'], { environment, signal })
      await run(script, ['up'], { environment, signal })
      await startRegistry(REGISTRY, registryFolder, signal)
      return {
        ...{ kubeconfig, registry: REGISTRY, registryPlainHttp: true },
        ...{ hostAddress: HOST, serviceType: 'ClusterIP', nodeAddress: '' },
      }
    },
    async down() {
      await stopRegistry(registryFolder)
      await run(script, ['down'], { environment })
    },
    isUp: async () => (await registryAnswers(REGISTRY)) && (await succeeds(script, 'status')),
  }
}
