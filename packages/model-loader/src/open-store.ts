import { fileURLToPath } from 'node:url'
import type { AzureAuth } from './auth-names.js'
import { azureSignIn } from './azure-auth.js'
import { AzureCloud } from './azure-cloud.js'
import { CloudStore } from './cloud-store.js'
import { env } from './env.js'
import { StoreError } from './errors.js'
import { FolderStore } from './folder-store.js'
import { DEFAULT_RETRY, type RetryPolicy } from './retry.js'
import { S3Cloud } from './s3-cloud.js'
import type { ModelStore } from './store.js'

export interface StoreOptions {
  /** How to sign in to Azure; default: the setting MODEL_STORE_AUTH, or `auto`. */
  auth?: AzureAuth
  /** Another Azure Blob endpoint than the account's public one, such as a private cloud's. */
  azureEndpoint?: string
  /** Another provider of S3 than AWS. */
  s3Endpoint?: string
  /** `<endpoint>/<bucket>` instead of `<bucket>.<endpoint>`; default: with an endpoint, yes. */
  s3PathStyle?: boolean
  /** How hard to try when the store or the network fails. */
  retry?: Partial<RetryPolicy>
}

const FORMS =
  'A store is one of https://<account>.blob.core.windows.net/<container>[/<prefix>], s3://<bucket>[/<prefix>], ' +
  'azurite://127.0.0.1:<port>/<container>[/<prefix>] for the Azurite emulator, and file:///<folder>.'

/** The public clouds', and accounts with a DNS zone of their own. */
const AZURE_HOST =
  /^[a-z0-9]{3,24}\.(blob\.core\.(windows\.net|chinacloudapi\.cn|usgovcloudapi\.net)|z\d+\.blob\.storage\.azure\.net)$/
const CONTAINER = /^[a-z0-9](-?[a-z0-9]){2,62}$/

/** Printed in Microsoft's documentation and the same for everybody: it opens the emulator and nothing else. */
const EMULATOR = {
  account: 'devstoreaccount1',
  key: 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
}
const EMULATOR_PORT = 10000
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/

/**
 * Opens a model store. Nothing is asked of it before its first use.
 * @throws StoreError `usage` when the URL is of no known form
 */
export function openStore(url: string, options: StoreOptions = {}): ModelStore {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed) throw usage('That is not a URL.')
  // Neither is echoed: it might be a key or a SAS token.
  if (parsed.search || parsed.hash || parsed.username || parsed.password) {
    throw usage("Keys and tokens don't belong in a store's URL: who you are decides what you may do.")
  }
  const retry = { ...DEFAULT_RETRY, ...options.retry }
  switch (parsed.protocol) {
    case 'https:': {
      if (!AZURE_HOST.test(parsed.host)) throw usage(`${parsed.host} is not an Azure Blob account.`)
      const { container, ...place } = azurePath(parsed)
      const serviceUrl = options.azureEndpoint ?? env.MODEL_STORE_AZURE_ENDPOINT ?? parsed.origin
      const wanted = options.auth ?? env.MODEL_STORE_AUTH ?? 'auto'
      const signIn = azureSignIn(wanted, parsed.host.split('.')[0] ?? '')
      return new CloudStore({ ...place, retry }, new AzureCloud({ container, serviceUrl, ...signIn }))
    }
    case 's3:': {
      const { bucket, ...place } = s3Path(parsed)
      return new CloudStore({ ...place, retry }, new S3Cloud({ bucket, ...s3Settings(options) }))
    }
    case 'azurite:': {
      const { container, ...place } = azurePath(parsed)
      const serviceUrl = `http://${parsed.hostname}:${parsed.port || EMULATOR_PORT}/${EMULATOR.account}`
      const azure = new AzureCloud({ container, serviceUrl, credential: EMULATOR, createContainer: true })
      return new CloudStore({ ...place, retry }, azure)
    }
    case 'file:':
      return new FolderStore(parsed.href.replace(/\/+$/, ''), folderOf(parsed))
    default:
      throw usage(`There is no store for ${parsed.protocol}//.`)
  }
}

/** The container and the prefix, which every Azure URL's path holds. */
function azurePath(url: URL): { url: string; container: string; prefix: string } {
  const [container = '', ...prefix] = url.pathname.split('/').filter(Boolean).map(decoded)
  if (!url.hostname) throw usage(`${url.href} names no host.`)
  if (!CONTAINER.test(container)) {
    throw usage(
      `${url.href} names no usable container: 3 to 63 lower-case letters, digits and single hyphens are needed.`,
    )
  }
  return { url: url.href, container, prefix: prefix.map((part) => `${part}/`).join('') }
}

function s3Path(url: URL): { url: string; bucket: string; prefix: string } {
  const bucket = url.host
  if (!BUCKET.test(bucket)) {
    throw usage(
      `${url.href} names no usable bucket: 3 to 63 lower-case letters, digits, dots and hyphens are needed.`,
    )
  }
  const parts = url.pathname.split('/').filter(Boolean).map(decoded)
  return { url: url.href, bucket, prefix: parts.map((part) => `${part}/`).join('') }
}

/** The SDK reads AWS_ENDPOINT_URL_S3 and AWS_REGION too, but other providers have no region and no hosts for buckets. */
function s3Settings(options: StoreOptions) {
  const endpoint = options.s3Endpoint ?? env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL
  const pathStyle = options.s3PathStyle ?? env.MODEL_STORE_S3_PATH_STYLE ?? endpoint !== undefined
  const region = env.AWS_REGION ?? (endpoint === undefined ? undefined : 'us-east-1')
  return { endpoint, pathStyle, region }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch (cause) {
    throw usage(`${part} is not valid in a URL.`, { cause })
  }
}

function folderOf(url: URL): string {
  try {
    return fileURLToPath(url)
  } catch (cause) {
    throw usage(`${url.href} names no folder of this machine.`, { cause })
  }
}

function usage(what: string, options?: ErrorOptions): StoreError {
  return new StoreError('usage', `${what} ${FORMS}`, options)
}
