import { StoreError } from './errors.js'
import { retryAfterMs } from './retry.js'

/** The parts of the SDK's errors that are used here. */
interface AzureFailure {
  name?: string
  message?: string
  code?: string
  statusCode?: number
  details?: { errorCode?: string }
  response?: { headers?: { get(name: string): string | undefined } }
}

/** The service's error code, such as `BlobNotFound`, or Node's, such as `ECONNREFUSED`. */
export function azureCode(error: unknown): string {
  const { details, code } = error as AzureFailure
  return details?.errorCode ?? code ?? ''
}

export function azureStatus(error: unknown): number | undefined {
  return (error as AzureFailure | undefined)?.statusCode
}

/** The write's condition did not hold: the blob is there already, has changed or is gone. */
export function isConditionNotMet(error: unknown): boolean {
  const conditions = ['BlobAlreadyExists', 'ConditionNotMet', 'TargetConditionNotMet', 'BlobNotFound']
  return conditions.includes(azureCode(error)) || azureStatus(error) === 412
}

/**
 * Turns what the SDK threw into a StoreError.
 * @param doing for the message: "reading fashion-mnist/latest.json"
 */
export function azureError(error: unknown, where: { url: string; doing: string }): StoreError {
  if (error instanceof StoreError) return error
  const failure = error as AzureFailure
  const code = azureCode(error)
  const said = `${(failure.message ?? String(error)).split('\n')[0]}${code ? ` (${code})` : ''}`
  const message = (what: string, next: string) =>
    `${where.url}: ${where.doing} failed: ${what}. ${next} The store said: ${said}`

  if (/CredentialUnavailable|AuthenticationError|AuthenticationRequired/.test(failure.name ?? '')) {
    return new StoreError(
      'access',
      message(
        'there is no way to sign in',
        'On a laptop run `az login`; in a pipeline or pod check its identity.',
      ),
      { cause: error },
    )
  }
  if (failure.statusCode === 401 || failure.statusCode === 403) {
    return new StoreError(
      'access',
      message(
        'access was refused',
        'Reading needs the role Storage Blob Data Reader on the container, publishing and promoting Storage Blob ' +
          "Data Contributor; the account's firewall must let this machine in.",
      ),
      { cause: error },
    )
  }
  if (code === 'ContainerNotFound') {
    return new StoreError(
      'not-found',
      message(
        'there is no such container',
        'Check the URL, or make it with `az storage container create --auth-mode login`.',
      ),
      { cause: error },
    )
  }
  if (failure.statusCode === 404) {
    return new StoreError('not-found', message('it is not there', 'Check the URL.'), { cause: error })
  }
  if (failure.statusCode === 409) {
    return new StoreError('conflict', message('the store refused the change', 'Try again.'), { cause: error })
  }
  if (failure.statusCode === 400) {
    return new StoreError('usage', message('the store does not accept it', 'Check the URL.'), {
      cause: error,
    })
  }
  return new StoreError(
    'unreachable',
    message('the store did not answer as it should', 'Check the URL and the network, then try again.'),
    {
      cause: error,
      // A name that does not exist will not come into being while we wait.
      isTransient: code !== 'ENOTFOUND',
      retryAfterMs: retryAfterMs(failure.response?.headers?.get('retry-after')),
    },
  )
}
