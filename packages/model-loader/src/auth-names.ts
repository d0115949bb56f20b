/**
 * How to sign in to Azure. `auto` takes what the surroundings offer: a pipeline, a pod, or the Azure CLI's login. A
 * connection string holds a key, so it is used only when it is asked for.
 */
export const AZURE_AUTHS = ['auto', 'pipelines', 'workload-identity', 'cli', 'connection-string'] as const

export type AzureAuth = (typeof AZURE_AUTHS)[number]
