import { fileURLToPath } from 'node:url'
import { afterEach } from '@jest/globals'
import {
  type Answer,
  emptyState,
  FakeAzure,
  type Listening,
  listen,
  runWith,
  type State,
} from '../src/index.js'

export const folder = fileURLToPath(new URL('..', import.meta.url))

/** What a fork may have changed in azure.env, as it was. */
const original = {
  PROJECT_NAME: 'inference',
  LOCATION: 'eastus2',
  RESOURCE_GROUP: '',
  STORAGE_ACCOUNT: '',
  STORAGE_CONTAINER: 'models',
  REGISTRY_NAME: '',
  AKS_CLUSTER: '',
  NODE_SIZE: 'Standard_D2s_v5',
  NODE_COUNT_MIN: '1',
  NODE_COUNT_MAX: '5',
  NAMESPACE_PREFIX: 'inference',
  SERVICE_ACCOUNT: 'inference',
  AZURE_DEVOPS_ORGANIZATION: '',
  AZURE_DEVOPS_PROJECT: '',
  GITHUB_REPOSITORY: '',
}

/** Everything that is optional, on. */
export const everything = {
  APP_ROUTING: 'true',
  MONITORING: 'true',
  AZURE_DEVOPS_ORGANIZATION: 'contoso',
  AZURE_DEVOPS_PROJECT: 'AI apps',
  GITHUB_REPOSITORY: 'contoso/ai-app',
}

export interface Subscription {
  azure: FakeAzure
  state: State
  /** Runs provision.sh, teardown.sh or doctor.sh, from `from` when it is a changed copy. */
  run(command: string, settings?: Record<string, string>, from?: string): Promise<Answer>
  /** A line of shell in the scripts' folder. */
  shell(line: string, settings?: Record<string, string>): Promise<Answer>
  /** As run, and throws when it fails. */
  succeed(command: string, settings?: Record<string, string>): Promise<Answer>
}

const open: Listening[] = []
afterEach(async () => {
  for (const listening of open.splice(0)) await listening.close()
})

/** A fake subscription, empty but for what is given. */
export async function subscription(state: Partial<State> = {}): Promise<Subscription> {
  const azure = new FakeAzure({ ...emptyState(), ...state })
  const listening = await listen(azure)
  open.push(listening)
  const run: Subscription['run'] = (command, settings = {}, from = folder) => {
    const [script = '', ...args] = command.split(' ')
    return runWith(listening, ['bash', `${from}/${script}`, ...args], { ...original, ...settings })
  }
  return {
    azure,
    state: azure.state,
    run,
    shell: (line, settings) =>
      runWith(listening, ['bash', '-c', `cd "${folder}" && ${line}`], { ...original, ...settings }),
    async succeed(command, settings) {
      const answer = await run(command, settings)
      if (answer.code !== 0) throw new Error(`${command} ended with ${answer.code}: ${answer.stderr}`)
      return answer
    },
  }
}
