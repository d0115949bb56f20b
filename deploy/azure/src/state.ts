import { AzError } from './commands.js'

export interface Resource {
  id: string
  name: string
  type: string
  resourceGroup: string
  tags: Record<string, string>
  [property: string]: unknown
}

export interface RoleAssignment {
  id: string
  principalId: string
  roleDefinitionName: string
  scope: string
}

export interface Connection {
  id: string
  name: string
  description: string
  authorization: { scheme: string; parameters: Record<string, string> }
}

/** All that the fake Azure and the fake Azure DevOps know. */
export interface State {
  account: {
    id: string
    name: string
    state: string
    tenantId: string
    user: { name: string; type: string }
  }
  version: string
  providers: string[]
  groups: Record<string, { name: string; id: string; location: string; tags: Record<string, string> }>
  /** By id, children too. */
  resources: Record<string, Resource>
  roles: RoleAssignment[]
  namespaces: string[]
  connections: Connection[]
  /** Roles that the signed-in person has in the subscription. */
  ownRoles: string[]
  parallelJobs: number
  vcpus: { used: number; limit: number }
  takenLabels: string[]
  /** How many more times the cluster answers Forbidden although the role is there. */
  forbidden: number
}

const subscription = '11111111-1111-1111-1111-111111111111'
export const me = '22222222-2222-2222-2222-222222222222'

/** A new subscription whose owner is signed in. */
export function emptyState(): State {
  return {
    account: {
      id: subscription,
      name: 'A "new" subscription',
      state: 'Enabled',
      tenantId: '33333333-3333-3333-3333-333333333333',
      user: { name: 'person@example.com', type: 'user' },
    },
    version: '2.74.0',
    providers: ['Microsoft.Network'],
    groups: {},
    resources: {},
    roles: [],
    namespaces: [],
    connections: [],
    ownRoles: ['Owner'],
    parallelJobs: 1,
    vcpus: { used: 0, limit: 10 },
    takenLabels: [],
    forbidden: 1,
  }
}

export function groupId(group: string): string {
  return `/subscriptions/${subscription}/resourceGroups/${group}`
}

/** @param path the type's and the names' parts after `providers/` */
export function resourceId(group: string, path: string): string {
  return `${groupId(group)}/providers/${path}`
}

/** @throws AzError with code 3, as az gives for what is not there */
export function find(state: State, group: string, path: string): Resource {
  if (state.groups[group] === undefined) {
    throw new AzError(`(ResourceGroupNotFound) Resource group '${group}' could not be found.`, 3)
  }
  const found = state.resources[resourceId(group, path)]
  if (found === undefined) {
    throw new AzError(
      `(ResourceNotFound) The Resource '${path}' under resource group '${group}' was not found.`,
      3,
    )
  }
  return found
}

/**
 * Adds a resource, or new properties to the one that is there.
 * @throws AzError when its group or its parent does not exist
 */
export function put(
  state: State,
  group: string,
  path: string,
  properties: Record<string, unknown>,
): Resource {
  if (state.groups[group] === undefined) {
    throw new AzError(`(ResourceGroupNotFound) Resource group '${group}' could not be found.`, 3)
  }
  const id = resourceId(group, path)
  const [provider, ...parts] = path.split('/')
  const types = parts.filter((_, index) => index % 2 === 0)
  const names = parts.filter((_, index) => index % 2 === 1)
  // "type/name" of a child lies below its parent's.
  if (names.length > 1) find(state, group, [provider, ...parts.slice(0, 2)].join('/'))
  const resource: Resource = {
    tags: {},
    ...state.resources[id],
    ...properties,
    id,
    name: names.at(-1) ?? '',
    type: [provider, ...types].join('/'),
    resourceGroup: group,
  }
  state.resources[id] = resource
  return resource
}

/** Removes a resource with its children, the roles on it, and what Azure itself made for it. */
export function remove(state: State, id: string): void {
  const nodeGroup = state.resources[id]?.nodeResourceGroup
  for (const other of Object.keys(state.resources)) {
    if (other === id || other.startsWith(`${id}/`)) delete state.resources[other]
  }
  state.roles = state.roles.filter(({ scope }) => scope !== id && !scope.startsWith(`${id}/`))
  if (typeof nodeGroup === 'string') removeGroup(state, nodeGroup)
  if (id.includes('/managedClusters/')) state.namespaces = []
}

export function removeGroup(state: State, group: string): void {
  for (const { id, resourceGroup } of Object.values(state.resources)) {
    if (resourceGroup === group) remove(state, id)
  }
  delete state.groups[group]
}

/** A GUID that follows from a text, so that two runs with the same names can be compared. */
export function guid(text: string): string {
  let hash = 0xcbf29ce484222325n
  let hex = ''
  while (hex.length < 32) {
    for (const byte of Buffer.from(text + hex))
      hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn
    hex += hash.toString(16).padStart(16, '0')
  }
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')
}
