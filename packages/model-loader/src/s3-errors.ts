import { StoreError } from './errors.js'
import { retryAfterMs } from './retry.js'

/** The parts of the SDK's errors that are used here. */
interface S3Failure {
  name?: string
  message?: string
  code?: string
  $metadata?: { httpStatusCode?: number }
  $response?: { headers?: Record<string, string> }
}

export function s3Status(error: unknown): number | undefined {
  return (error as S3Failure | undefined)?.$metadata?.httpStatusCode
}

/** The object is not there; a missing bucket is something else. */
export function isMissing(error: unknown): boolean {
  return s3Status(error) === 404 && (error as S3Failure).name !== 'NoSuchBucket'
}

/** The write's condition did not hold. */
export function isPreconditionFailed(error: unknown): boolean {
  return s3Status(error) === 412 || (error as S3Failure).name === 'PreconditionFailed'
}

/**
 * Turns what the SDK threw into a StoreError.
 * @param doing for the message: "reading fashion-mnist/latest.json"
 */
export function s3Error(error: unknown, where: { url: string; doing: string }): StoreError {
  if (error instanceof StoreError) return error
  const failure = error as S3Failure
  const status = s3Status(error)
  const name = failure.code ?? failure.name ?? ''
  const said = `${(failure.message ?? String(error)).split('\n')[0]}${name ? ` (${name})` : ''}`
  const make = (code: StoreError['code'], what: string, next: string, more = {}) =>
    new StoreError(code, `${where.url}: ${where.doing} failed: ${what}. ${next} The store said: ${said}`, {
      cause: error,
      ...more,
    })

  if (/CredentialsProviderError|TokenProviderError/.test(name)) {
    const next = 'Set AWS_PROFILE or sign in with `aws sso login`; in a pod or pipeline check its role.'
    return make('access', 'there is no way to sign in', next)
  }
  if (/Region is missing/.test(failure.message ?? '')) {
    return make('usage', 'the region is not known', "Set AWS_REGION to the bucket's region.")
  }
  if (status === 401 || status === 403) {
    const next =
      'Reading needs s3:GetObject and s3:ListBucket, publishing and promoting s3:PutObject too, pruning ' +
      's3:DeleteObject.'
    return make('access', 'access was refused', next)
  }
  if (name === 'NoSuchBucket') {
    return make('not-found', 'there is no such bucket', 'Check the URL, or make it with `aws s3 mb`.')
  }
  if (status === 404) return make('not-found', 'it is not there', 'Check the URL.')
  if (status === 409) {
    return make('conflict', 'the store refused the change', 'Try again.', { isTransient: true })
  }
  if (status === 301 || status === 307 || status === 308) {
    return make('usage', 'the bucket is elsewhere', "Set AWS_REGION to the bucket's region.")
  }
  if (status === 501) {
    const next = 'Conditional writes are needed; docs/model-store.md names providers that have them.'
    return make('usage', 'the store lacks something that is needed', next)
  }
  if (status === 400) return make('usage', 'the store does not accept it', 'Check the URL and settings.')
  return make(
    'unreachable',
    'the store did not answer as it should',
    'Check the URL and the network, then try again.',
    {
      isTransient: name !== 'ENOTFOUND',
      retryAfterMs: retryAfterMs(failure.$response?.headers?.['retry-after']),
    },
  )
}
