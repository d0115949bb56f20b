import { AzError } from './commands.js'
import { guid, me, type State } from './state.js'

/**
 * The roles that provisioning may give, each with the kind of scope at which it may be given. A name that isn't here is
 * misspelt or too powerful.
 */
export const allowedRoles: Record<string, RegExp> = {
  AcrPull: /\/registries\/[^/]+$/,
  AcrPush: /\/registries\/[^/]+$/,
  'Storage Blob Data Reader': /\/blobServices\/default\/containers\/[^/]+$/,
  'Storage Blob Data Contributor': /\/blobServices\/default\/containers\/[^/]+$/,
  'Azure Kubernetes Service Cluster User Role': /\/managedClusters\/[^/]+$/,
  'Azure Kubernetes Service RBAC Writer': /\/managedClusters\/[^/]+\/namespaces\/[^/]+$/,
  'Azure Kubernetes Service RBAC Cluster Admin': /\/managedClusters\/[^/]+$/,
}

/** @throws AzError for a role that is not allowed, an unknown principal, a scope that isn't there, or an assignment that is */
export function assign(state: State, principalId: string, role: string, scope: string): void {
  const allowed = allowedRoles[role]
  if (allowed === undefined)
    throw new AzError(`Role '${role}' doesn't exist, or is not on the allow-list.`, 1)
  if (!allowed.test(scope)) throw new AzError(`Role '${role}' may not be given at ${scope}.`, 1)
  if (!principals(state).has(principalId)) {
    throw new AzError(`(PrincipalNotFound) Principal ${principalId} does not exist in the directory.`, 1)
  }
  if (state.resources[scope.replace(/\/namespaces\/[^/]+$/, '')] === undefined) {
    throw new AzError(`(ResourceNotFound) The scope ${scope} was not found.`, 1)
  }
  const id = `${scope}/providers/Microsoft.Authorization/roleAssignments/${guid(`${principalId} ${role} ${scope}`)}`
  if (state.roles.some((assignment) => assignment.id === id)) {
    throw new AzError('(RoleAssignmentExists) The role assignment already exists.', 1)
  }
  state.roles.push({ id, principalId, roleDefinitionName: role, scope })
}

function principals(state: State): Set<unknown> {
  const ids: unknown[] = [me]
  for (const { principalId, identityProfile } of Object.values(state.resources)) {
    ids.push(
      principalId,
      (identityProfile as { kubeletidentity?: { objectId: string } })?.kubeletidentity?.objectId,
    )
  }
  return new Set(ids)
}
