import { StoreError, type StoreErrorCode } from './errors.js'
import { retryAfterMs } from './retry.js'

/** What a cloud's library threw, in the same words for all of them. */
export interface Failure {
  status?: number | undefined
  /** The service's error code, such as `BlobNotFound`, or Node's, such as `ECONNREFUSED`. */
  code: string
  /** Of the error's class. */
  name?: string | undefined
  message: string
  /** The header. */
  retryAfter?: string | undefined
}

/** What differs from cloud to cloud. */
export interface Words {
  /** The error code for a missing container, and what to do about it. */
  noContainer: string
  container: string
  makeContainer: string
  signIn: string
  roles: string
}

/** For messages; `doing` is such as "reading fashion-mnist/latest.json". */
export interface Place {
  url: string
  doing: string
}

/** The object is not there; a missing container is something else. */
export const isMissing = ({ status, code }: Failure, { noContainer }: Words) =>
  status === 404 && code !== noContainer

/** The write's condition did not hold; what was to be replaced may be gone. */
export const isConditionNotMet = ({ status, code }: Failure) =>
  status === 412 || /^(BlobAlreadyExists|BlobNotFound|NoSuchKey|NoSuchUpload|NotFound)$/.test(code)

type Row = [applies: boolean, code: StoreErrorCode, what: string, nextStep: string]

/** Turns what a library threw into a StoreError that says what to do. */
export function storeError(
  error: unknown,
  failure: Failure,
  words: Words,
  { url, doing }: Place,
): StoreError {
  if (error instanceof StoreError) return error
  const { status = 0, code, message } = failure
  const lacksCredential =
    /Credential(Unavailable|sProvider)|TokenProviderError|Authentication(Error|Required)/
  const region = "Set AWS_REGION to the bucket's region."
  const rows: Row[] = [
    [lacksCredential.test(failure.name ?? ''), 'access', 'there is no way to sign in', words.signIn],
    [/Region is missing/.test(message), 'usage', 'the region is not known', region],
    [status === 401 || status === 403, 'access', 'access was refused', words.roles],
    [
      code === words.noContainer,
      'not-found',
      `there is no such ${words.container}`,
      `Check the URL, or ${words.makeContainer}.`,
    ],
    [status === 404, 'not-found', 'it is not there', 'Check the URL.'],
    [status === 409, 'conflict', 'the store refused the change', 'Try again.'],
    [[301, 307, 308].includes(status), 'usage', 'the bucket is elsewhere', region],
    [
      status === 501,
      'usage',
      'the store lacks something that is needed',
      'Conditional writes are needed; docs/model-store.md names providers that have them.',
    ],
    [status === 400, 'usage', 'the store does not accept it', 'Check the URL and settings.'],
    [
      true,
      'unreachable',
      'the store did not answer as it should',
      'Check the URL and the network, then try again.',
    ],
  ]
  const [, kind, what, next] = rows.find(([applies]) => applies) as Row
  const said = `${message.split('\n')[0]}${code ? ` (${code})` : ''}`
  return new StoreError(kind, `${url}: ${doing} failed: ${what}. ${next} The store said: ${said}`, {
    cause: error,
    // A name that does not exist will not come into being while we wait; two changes at once in S3 come apart.
    isTransient:
      (kind === 'unreachable' && code !== 'ENOTFOUND') ||
      /^(ConditionalRequestConflict|OperationAborted)$/.test(code),
    retryAfterMs: retryAfterMs(failure.retryAfter),
  })
}
