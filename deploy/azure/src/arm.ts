import { AzError, type Parsed } from './commands.js'
import { assign } from './roles.js'
import { find, groupId, guid, me, put, remove, removeGroup, resourceId, type State } from './state.js'

export type Handler = (state: State, option: (name: string) => string, parsed: Parsed) => unknown

const STORAGE = 'Microsoft.Storage/storageAccounts'
const REGISTRY = 'Microsoft.ContainerRegistry/registries'
const CLUSTER = 'Microsoft.ContainerService/managedClusters'
const IDENTITY = 'Microsoft.ManagedIdentity/userAssignedIdentities'
const MONITOR = 'Microsoft.Monitor/accounts'

/** The resource that a command's --resource-group and --name mean. */
const show =
  (type: string): Handler =>
  (state, option) =>
    find(state, option('--resource-group'), `${type}/${option('--name')}`)

/** Commands that only look. */
export const reads: Record<string, Handler> = {
  version: (state) => ({ 'azure-cli': state.version }),
  'account show': (state) => state.account,
  'ad signed-in-user show': () => ({ id: me }),
  'ad sp show': () => ({ id: me }),
  'provider list': (state) =>
    state.providers.map((namespace) => ({ namespace, registrationState: 'Registered' })),
  'group show'(state, option) {
    const group = state.groups[option('--name')]
    if (group === undefined) throw new AzError('(ResourceGroupNotFound) There is no such resource group.', 3)
    return group
  },
  'storage account show': show(STORAGE),
  'storage account blob-service-properties show': (state, option) =>
    find(state, option('--resource-group'), `${STORAGE}/${option('--account-name')}/blobServices/default`),
  'storage container-rm show': (state, option) =>
    find(state, option('--resource-group'), containerPath(option)),
  'acr show': show(REGISTRY),
  'aks show': show(CLUSTER),
  'identity show': show(IDENTITY),
  'identity federated-credential show': (state, option) =>
    find(state, option('--resource-group'), credentialPath(option)),
  'identity federated-credential list'(state, option) {
    const { id } = find(state, option('--resource-group'), `${IDENTITY}/${option('--identity-name')}`)
    return Object.values(state.resources).filter((resource) => resource.id.startsWith(`${id}/`))
  },
  'monitor account show': show(MONITOR),
  'network public-ip list': (state, option) =>
    Object.values(state.resources).filter(
      ({ type, resourceGroup }) =>
        type === 'Microsoft.Network/publicIPAddresses' && resourceGroup === option('--resource-group'),
    ),
  'role assignment list'(state, option, { values }) {
    const scope = option('--scope')
    if (scope === `/subscriptions/${state.account.id}`) {
      return state.ownRoles.map((roleDefinitionName) => ({ roleDefinitionName }))
    }
    return state.roles.filter(
      (role) =>
        role.principalId === option('--assignee-object-id') &&
        (values.has('--all') || (role.scope === scope && role.roleDefinitionName === option('--role'))),
    )
  },
  'resource list'(state, option) {
    const [key = '', value] = option('--tag').split('=')
    // Children such as containers and credentials are no resources of a list.
    return Object.values(state.resources).filter(
      ({ resourceGroup, tags, type }) =>
        type.split('/').length === 2 &&
        (key === '' ? resourceGroup === option('--resource-group') : tags[key] === value),
    )
  },
  'vm list-usage': (state) =>
    ['standardDSv5Family', 'cores'].map((value) => ({
      name: { value },
      currentValue: String(state.vcpus.used),
      limit: String(state.vcpus.limit),
    })),
  'vm list-skus': () => [
    {
      name: 'Standard_D2s_v5',
      family: 'standardDSv5Family',
      capabilities: [{ name: 'vCPUs', value: '2' }],
      restrictions: [],
    },
  ],
}

/** Commands that change something. */
export const changes: Record<string, Handler> = {
  'provider register': (state, option) => {
    state.providers.push(option('--namespace'))
  },
  'group create'(state, option, { values }) {
    const name = option('--name')
    state.groups[name] = { name, id: groupId(name), location: option('--location'), tags: tags(values) }
  },
  'group delete': (state, option) => removeGroup(state, option('--name')),
  'storage account create': storageAccount,
  'storage account update': storageAccount,
  'storage account blob-service-properties update': (state, option) =>
    put(state, option('--resource-group'), `${STORAGE}/${option('--account-name')}/blobServices/default`, {
      isVersioningEnabled: option('--enable-versioning') === 'true',
      deleteRetentionPolicy: {
        enabled: option('--enable-delete-retention') === 'true',
        days: Number(option('--delete-retention-days')),
      },
      containerDeleteRetentionPolicy: {
        enabled: option('--enable-container-delete-retention') === 'true',
        days: Number(option('--container-delete-retention-days')),
      },
    }),
  'storage container-rm create': (state, option) =>
    put(state, option('--resource-group'), containerPath(option), {
      publicAccess: option('--public-access'),
    }),
  'acr create': registry,
  'acr update': registry,
  'aks create': cluster,
  'aks update': cluster,
  'aks wait': (state, option) =>
    put(state, option('--resource-group'), `${CLUSTER}/${option('--name')}`, {
      provisioningState: 'Succeeded',
    }),
  'aks approuting enable': (state, option) =>
    put(state, option('--resource-group'), `${CLUSTER}/${option('--name')}`, {
      ingressProfile: { webAppRouting: { enabled: true } },
    }),
  'identity create': (state, option, { values }) =>
    put(state, option('--resource-group'), `${IDENTITY}/${option('--name')}`, {
      tags: tags(values),
      clientId: guid(`client ${option('--name')}`),
      principalId: guid(`principal ${option('--name')}`),
    }),
  'identity federated-credential create': credential,
  'identity federated-credential update': credential,
  'role assignment create': (state, option) =>
    assign(state, option('--assignee-object-id'), option('--role'), option('--scope')),
  'role assignment delete'(state, _, { values }) {
    state.roles = state.roles.filter(({ id }) => !values.get('--ids')?.includes(id))
  },
  'monitor account create': (state, option, { values }) =>
    put(state, option('--resource-group'), `${MONITOR}/${option('--name')}`, { tags: tags(values) }),
  'resource tag'(state, option, { values }) {
    const resource = state.resources[option('--ids')]
    if (resource) resource.tags = { ...resource.tags, ...tags(values) }
  },
  'resource delete'(state, _, { values }) {
    for (const id of values.get('--ids') ?? []) remove(state, id)
  },
}

function tags(values: Parsed['values']): Record<string, string> {
  return Object.fromEntries((values.get('--tags') ?? []).map((tag) => tag.split('=') as [string, string]))
}

function containerPath(option: (name: string) => string): string {
  return `${STORAGE}/${option('--storage-account')}/blobServices/default/containers/${option('--name')}`
}

function credentialPath(option: (name: string) => string): string {
  return `${IDENTITY}/${option('--identity-name')}/federatedIdentityCredentials/${option('--name')}`
}

function storageAccount(...[state, option, { values }]: Parameters<Handler>): void {
  put(state, option('--resource-group'), `${STORAGE}/${option('--name')}`, {
    ...(values.has('--tags') ? { tags: tags(values) } : {}),
    allowSharedKeyAccess: option('--allow-shared-key-access') !== 'false',
    allowBlobPublicAccess: option('--allow-blob-public-access') !== 'false',
    enableHttpsTrafficOnly: option('--https-only') !== 'false',
    minimumTlsVersion: option('--min-tls-version') || 'TLS1_0',
  })
}

function registry(...[state, option, { values }]: Parameters<Handler>): void {
  put(state, option('--resource-group'), `${REGISTRY}/${option('--name')}`, {
    ...(values.has('--tags') ? { tags: tags(values) } : {}),
    sku: { name: option('--sku') },
    adminUserEnabled: option('--admin-enabled') === 'true',
    roleAssignmentMode:
      option('--role-assignment-mode') === 'rbac-abac'
        ? 'AbacRepositoryPermissions'
        : 'LegacyRegistryPermissions',
  })
}

function cluster(...[state, option, { values }]: Parameters<Handler>): void {
  const group = option('--resource-group')
  const name = option('--name')
  const nodes = `MC_${group}_${name}`
  const old = state.resources[resourceId(group, `${CLUSTER}/${name}`)]
  const on = (flag: string, before: unknown = false) => values.has(flag) || before
  put(state, group, `${CLUSTER}/${name}`, {
    ...(values.has('--tags') ? { tags: tags(values) } : {}),
    provisioningState: 'Succeeded',
    nodeResourceGroup: nodes,
    oidcIssuerProfile: {
      enabled: on('--enable-oidc-issuer', old !== undefined),
      issuerUrl: `https://eastus2.oic.prod-aks.azure.com/${guid(nodes)}/`,
    },
    securityProfile: { workloadIdentity: { enabled: on('--enable-workload-identity', old !== undefined) } },
    aadProfile: { enableAzureRbac: on('--enable-azure-rbac', old !== undefined) },
    disableLocalAccounts: on('--disable-local-accounts', old !== undefined),
    azureMonitorProfile: { metrics: { enabled: on('--enable-azure-monitor-metrics') } },
    identityProfile: { kubeletidentity: { objectId: guid(`nodes ${name}`) } },
    ...(values.has('--min-count')
      ? {
          agentPoolProfiles: [
            {
              count: Number(option('--min-count')),
              enableAutoScaling: true,
              minCount: Number(option('--min-count')),
              maxCount: Number(option('--max-count')),
            },
          ],
        }
      : {}),
  })
  if (values.has('--enable-azure-monitor-metrics')) {
    put(state, group, `Microsoft.Insights/dataCollectionRules/MSProm-eastus2-${name}`, {})
  }
  if (old !== undefined) return
  state.groups[nodes] = {
    name: nodes,
    id: groupId(nodes),
    location: option('--location'),
    tags: tags(values),
  }
  put(state, nodes, `Microsoft.ManagedIdentity/userAssignedIdentities/${name}-agentpool`, {})
}

function credential(...[state, option]: Parameters<Handler>): void {
  const [issuer, subject] = [option('--issuer'), option('--subject')]
  if (issuer === '' || subject === '') {
    throw new AzError('(BadRequest) A credential needs an issuer and a subject.', 1)
  }
  put(state, option('--resource-group'), credentialPath(option), {
    issuer,
    subject,
    audiences: [option('--audiences')],
  })
}
