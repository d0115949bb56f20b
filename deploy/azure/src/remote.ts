import { AzError } from './commands.js'
import { type Connection, guid, me, type State } from './state.js'

/** Azure DevOps as Entra knows it; without it `az rest` would send a token that Azure DevOps refuses. */
const DEVOPS = '499b84ac-1321-427f-aa17-267ca6975798'

/** `az rest`: the parts of Azure's and Azure DevOps' REST APIs that the scripts use. */
export function rest(state: State, option: (name: string) => string): unknown {
  const url = new URL(option('--url'))
  const method = option('--method').toUpperCase()
  if (url.host === 'management.azure.com' && url.pathname.endsWith('/CheckDnsNameAvailability')) {
    return { available: !state.takenLabels.includes(url.searchParams.get('domainNameLabel') ?? '') }
  }
  if (url.host !== 'dev.azure.com') throw new AzError(`Not Found(${url})`, 1)
  if (option('--resource') !== DEVOPS) throw new AzError('Unauthorized({"message":"TF400813"})', 1)
  const path = `${method} ${url.pathname.replace(/^\/[^/]+/, '')}`
  if (/^GET \/_apis\/projects\/[^/]+$/.test(path)) return { id: guid(path) }
  if (path === 'GET /_apis/distributedtask/resourceusage') {
    return { resourceLimit: { totalCount: state.parallelJobs } }
  }
  if (/^GET \/[^/]+\/_apis\/serviceendpoint\/endpoints$/.test(path)) {
    const name = url.searchParams.get('endpointNames')
    return { value: state.connections.filter((connection) => name === null || connection.name === name) }
  }
  if (path === 'POST /_apis/serviceendpoint/endpoints')
    return connect(state, url, JSON.parse(option('--body')))
  const deleted = /^DELETE \/_apis\/serviceendpoint\/endpoints\/([^/]+)$/.exec(path)?.[1]
  if (deleted && url.searchParams.get('projectIds')) {
    state.connections = state.connections.filter(({ id }) => id !== deleted)
    return undefined
  }
  throw new AzError(`Not Found(${url})`, 1)
}

function connect(
  state: State,
  url: URL,
  body: Connection & { type: string; data: { creationMode: string } },
): Connection {
  const { scheme, parameters } = body.authorization
  if (
    body.type !== 'AzureRM' ||
    scheme !== 'WorkloadIdentityFederation' ||
    body.data.creationMode !== 'Manual'
  ) {
    throw new AzError('Bad Request({"message":"This is no connection by workload identity federation."})', 1)
  }
  const connection: Connection = {
    id: guid(`connection ${body.name}`),
    name: body.name,
    description: body.description,
    authorization: {
      scheme,
      parameters: {
        ...parameters,
        workloadIdentityFederationIssuer: `https://login.microsoftonline.com/${parameters.tenantid}/v2.0`,
        workloadIdentityFederationSubject: `/eid1/c/pub/t/x/a/y/sc/${guid(url.pathname)}/${guid(body.name)}`,
      },
    },
  }
  state.connections.push(connection)
  return connection
}

/** `az aks command invoke`: the kubectl commands that the scripts use. `logs` is what they print. */
export function invoke(state: State, command: string): { exitCode: number; logs: string } {
  const mayIn = state.roles.some(
    ({ principalId, roleDefinitionName }) =>
      principalId === me && roleDefinitionName === 'Azure Kubernetes Service RBAC Cluster Admin',
  )
  if (!mayIn || state.forbidden > 0) {
    if (mayIn) state.forbidden -= 1
    return {
      exitCode: 1,
      logs: 'Error from server (Forbidden): namespaces is forbidden: User does not have access',
    }
  }
  if (/^kubectl get namespaces --selector \S+ --output name$/.test(command)) {
    return { exitCode: 0, logs: state.namespaces.map((name) => `namespace/${name}\n`).join('') }
  }
  const made =
    /^kubectl create namespace (\S+) --dry-run=client --output yaml \| kubectl apply --filename - && kubectl label --overwrite namespace \1 \S+ pod-security\.kubernetes\.io\/enforce=restricted$/.exec(
      command,
    )?.[1]
  if (made === undefined) return { exitCode: 127, logs: `the double does not know: ${command}` }
  if (!state.namespaces.includes(made)) state.namespaces.push(made)
  return { exitCode: 0, logs: `namespace/${made} created\n` }
}
