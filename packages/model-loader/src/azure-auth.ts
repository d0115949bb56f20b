import type { TokenCredential } from '@azure/identity'
import { env } from './env.js'

/** How to sign in. `auto` takes what the surroundings offer: a pipeline, a pod, or the Azure CLI's login. */
export type AzureAuth = 'auto'

/** Picks the credential. `@azure/identity` is large, so it is loaded only when a real account is used. */
export async function azureCredential(_auth: AzureAuth): Promise<TokenCredential> {
  const identity = await import('@azure/identity')
  const {
    AZURESUBSCRIPTION_CLIENT_ID: clientId,
    AZURESUBSCRIPTION_TENANT_ID: tenantId,
    AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: connectionId,
    SYSTEM_ACCESSTOKEN: accessToken,
  } = env
  if (clientId && tenantId && connectionId && accessToken) {
    return new identity.AzurePipelinesCredential(tenantId, clientId, connectionId, accessToken)
  }
  if (env.AZURE_FEDERATED_TOKEN_FILE) return new identity.WorkloadIdentityCredential()
  return new identity.AzureCliCredential()
}
