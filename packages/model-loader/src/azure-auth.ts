import type { TokenCredential } from '@azure/identity'
import { AZURE_AUTHS, type AzureAuth } from './auth-names.js'
import { env } from './env.js'
import { StoreError } from './errors.js'

/** How to get in, and by which way. */
export interface SignIn {
  auth: Exclude<AzureAuth, 'auto'>
  credential: (() => Promise<TokenCredential>) | { account: string; key: string }
}

/** What each way needs of the environment, for messages. */
const NEEDS = {
  pipelines: [
    'AZURESUBSCRIPTION_CLIENT_ID',
    'AZURESUBSCRIPTION_TENANT_ID',
    'AZURESUBSCRIPTION_SERVICE_CONNECTION_ID',
    'SYSTEM_ACCESSTOKEN',
    'SYSTEM_OIDCREQUESTURI',
  ],
  'workload-identity': ['AZURE_FEDERATED_TOKEN_FILE', 'AZURE_CLIENT_ID', 'AZURE_TENANT_ID'],
  cli: [],
  'connection-string': ['AZURE_STORAGE_CONNECTION_STRING'],
} as const

const HELP = {
  pipelines:
    'Run the step in AzureCLI@2 with a federated service connection, and map SYSTEM_ACCESSTOKEN in its `env:`.',
  'workload-identity':
    'Give the pod a service account with workload identity (azure.workload.identity/use: "true").',
  cli: '',
  'connection-string': 'It comes from the environment only, never from the command line.',
} as const

/**
 * Picks how to sign in. Nothing is asked of anybody before the first request.
 * @param account the store URL's
 * @throws StoreError `usage` when the chosen way lacks a setting
 */
export function azureSignIn(wanted: AzureAuth, account: string): SignIn {
  if (!AZURE_AUTHS.includes(wanted)) {
    throw new StoreError('usage', `${wanted} is no way to sign in: choose one of ${AZURE_AUTHS.join(', ')}.`)
  }
  const auth = wanted === 'auto' ? automatic() : wanted
  const missing = NEEDS[auth].filter((name) => !env[name])
  if (missing.length > 0) {
    const what = `Signing in by ${auth} needs ${missing.join(', ')}, which is not set.`
    throw new StoreError('usage', `${what} ${HELP[auth]}`.trim())
  }
  if (auth === 'connection-string') return { auth, credential: keyOf(account) }
  return { auth, credential: () => credentialOf(auth) }
}

/** A setting of a pipeline or a pod is there only where we are in one. */
function automatic(): SignIn['auth'] {
  const { AZURESUBSCRIPTION_SERVICE_CONNECTION_ID, SYSTEM_ACCESSTOKEN, AZURE_FEDERATED_TOKEN_FILE } = env
  if (AZURESUBSCRIPTION_SERVICE_CONNECTION_ID && SYSTEM_ACCESSTOKEN) return 'pipelines'
  return AZURE_FEDERATED_TOKEN_FILE ? 'workload-identity' : 'cli'
}

/** `@azure/identity` is large, so it is loaded only when a real account is used. */
async function credentialOf(auth: Exclude<SignIn['auth'], 'connection-string'>): Promise<TokenCredential> {
  const identity = await import('@azure/identity')
  // A private cloud's Entra is unknown to the public list of authorities.
  const options = { disableInstanceDiscovery: isPrivateCloud(env.AZURE_AUTHORITY_HOST) }
  if (auth === 'cli') return new identity.AzureCliCredential()
  if (auth === 'workload-identity') return new identity.WorkloadIdentityCredential(options)
  const {
    AZURESUBSCRIPTION_CLIENT_ID: clientId = '',
    AZURESUBSCRIPTION_TENANT_ID: tenantId = '',
    AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: connectionId = '',
    SYSTEM_ACCESSTOKEN: accessToken = '',
  } = env
  return new identity.AzurePipelinesCredential(tenantId, clientId, connectionId, accessToken, options)
}

function isPrivateCloud(authority: string | undefined): boolean {
  return (
    authority !== undefined &&
    !/^https:\/\/login\.(microsoftonline|chinacloudapi)\.(com|us|cn)\b/.test(authority)
  )
}

/** The account's key, from the environment's connection string; no message repeats any of it. */
function keyOf(account: string): { account: string; key: string } {
  const fields = new Map(
    (env.AZURE_STORAGE_CONNECTION_STRING ?? '').split(';').map((field) => {
      const [, name = '', value = ''] = /^([^=]+)=(.*)$/.exec(field) ?? []
      return [name.trim(), value.trim()]
    }),
  )
  const key = fields.get('AccountKey')
  if (key && fields.get('AccountName') === account) return { account, key }
  throw new StoreError(
    'usage',
    `AZURE_STORAGE_CONNECTION_STRING is not one of the account ${account}: AccountName=${account} and AccountKey are ` +
      'needed.',
  )
}
