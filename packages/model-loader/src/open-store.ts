import { fileURLToPath } from 'node:url'
import { type AzureAuth, azureCredential } from './azure-auth.js'
import { AzureStore } from './azure-store.js'
import { StoreError } from './errors.js'
import { FolderStore } from './folder-store.js'
import type { ModelStore } from './store.js'

export interface StoreOptions {
  /** How to sign in to Azure. */
  auth?: AzureAuth
}

const FORMS =
  'A store is one of https://<account>.blob.core.windows.net/<container>[/<prefix>], ' +
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
  switch (parsed.protocol) {
    case 'https:':
      if (!AZURE_HOST.test(parsed.host)) throw usage(`${parsed.host} is not an Azure Blob account.`)
      return new AzureStore({
        ...azurePath(parsed),
        serviceUrl: parsed.origin,
        credential: () => azureCredential(options.auth ?? 'auto'),
        createContainer: false,
      })
    case 'azurite:':
      return new AzureStore({
        ...azurePath(parsed),
        serviceUrl: `http://${parsed.hostname}:${parsed.port || EMULATOR_PORT}/${EMULATOR.account}`,
        credential: EMULATOR,
        createContainer: true,
      })
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
