import { execFile } from 'node:child_process'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Azurite, startAzurite } from '@repo/azurite'
import { readState } from '@repo/local/cluster'
import { openStore, publishModel } from '@repo/model-loader'
import { sampleBundles, sampleModelName } from '@repo/sample-model'
import { root, stateFolder } from './env.js'
import type { Cloud } from './run/context.js'

const run = promisify(execFile)
const local = (path: string) => join(root, 'deploy/local', path)
const CONTAINER = 'models'
const MAX_OUTPUT = 64 * 1024 * 1024

/** Something on this machine is missing or in the way. */
export class LocalCloudError extends Error {}

/** What stands in for Azure on this machine. */
export interface LocalCloud {
  cloud: Cloud
  /** For every step. */
  env: Record<string, string>
  /** Take the place of the variables that name things in Azure. */
  overrides: Record<string, string>
  /** Publishes a folder as a new version of the model. */
  publish(bundle: string): Promise<void>
  /** Numbers of builds, whose images `close` removes. */
  builds: string[]
  /** Ends everything that was started. */
  close(): Promise<void>
}

/**
 * Starts a model store with the first version of the sample model, and a cluster with a registry.
 * @param say tells a person what is being done
 * @throws LocalCloudError; nothing is left running then
 */
export async function startLocalCloud(say: (text: string) => void, signal: AbortSignal): Promise<LocalCloud> {
  const endings: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const ending of endings.splice(0).reverse())
      await ending().catch((error: Error) => say(error.message))
  }
  const builds: string[] = []
  const tell = async (command: string, args: string[]) => {
    signal.throwIfAborted()
    const options = { cwd: root, signal, maxBuffer: MAX_OUTPUT }
    const { stdout } = await run(command, args, options).catch((error) => {
      throw new LocalCloudError(`${command} ${args.join(' ')} failed:\n${error.stdout}${error.stderr}`.trim())
    })
    return stdout.trim()
  }
  try {
    const engine = await tell('bash', ['-c', '. deploy/scripts/lib.sh; engine']).catch(async (error) => {
      if (process.platform !== 'linux') throw error
      say('Installing podman and its parts')
      await tell(local('install-debian.sh'), [])
      return 'podman'
    })
    const isUp = await tell(process.execPath, [local('bin/cluster.js'), 'status']).then(
      () => true,
      () => false,
    )
    if (!isUp) {
      say('Starting a cluster and a registry')
      endings.push(() => run(process.execPath, [local('bin/cluster.js'), 'down'], { cwd: root }))
      await tell(process.execPath, [local('bin/cluster.js'), 'up'])
    }
    const facts = (await readState(join(stateFolder, 'cluster')))?.facts
    if (!facts) throw new Error('npm run cluster:up left no state')
    say('Making base images, if there are none')
    const bases = engine === 'docker' ? '' : await tell(local('base-image/base-image.sh'), [])
    say('Starting the model store')
    const store = await openLocalStore(facts.hostAddress, (azurite) => endings.push(azurite.stop))
    const publish = async (bundle: string) => {
      await publishModel(openStore(store), bundle)
    }
    await publish(sampleBundles[0] ?? '')
    endings.push(async () => {
      const names = builds.flatMap((number) => [
        `inference:${number}`,
        `${facts.registry}/inference:${number}`,
      ])
      // A build that did not get so far has left none.
      for (const name of names) await run(engine, ['rmi', name]).catch(() => {})
    })
    return {
      builds,
      cloud: { kubeconfig: facts.kubeconfig, registry: facts.registry },
      env: {
        ...Object.fromEntries(
          [...bases.matchAll(/(\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]),
        ),
        REGISTRY_PLAIN_HTTP: String(facts.registryPlainHttp),
        NODE_ADDRESS: facts.nodeAddress,
        // A laptop gives out no public addresses, and the client is outside of the cluster.
        HELM_ARGS: `--set service.type=${facts.serviceType} --set networkPolicy.ingressCidrs={0.0.0.0/0}`,
        WATCH_SECONDS: '5',
      },
      overrides: {
        containerRegistry: facts.registry,
        modelStore: store,
        modelName: sampleModelName,
        valuesDev: 'values-local.yaml',
        valuesStaging: 'values-staging.yaml values-local.yaml',
        valuesProduction: 'values-production.yaml values-local.yaml',
      },
      publish,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** At an address that pods reach too, where this machine has it. The pipelines' steps need it here only. */
async function openLocalStore(hostAddress: string, opened: (azurite: Azurite) => void): Promise<string> {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const isMine = addresses.some(({ address }) => address === hostAddress)
  const azurite = await startAzurite(isMine ? { host: hostAddress } : {})
  opened(azurite)
  return `azurite://${isMine ? hostAddress : '127.0.0.1'}:${azurite.port}/${CONTAINER}`
}
