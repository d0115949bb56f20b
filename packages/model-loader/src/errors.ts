/**
 * What can go wrong between us and a store.
 * - `usage`: the store's URL, the model's name or version is not usable
 * - `not-found`: no such container, model or version
 * - `conflict`: the version exists with other content, or somebody moved the pointer at the same moment
 * - `integrity`: bytes are not what the manifest promises
 * - `access`: the store refused us
 * - `unreachable`: the network, the name or the server failed
 * - `disk`: this machine's file system failed (full, read-only, not permitted)
 */
export type StoreErrorCode =
  | 'usage'
  | 'not-found'
  | 'conflict'
  | 'integrity'
  | 'access'
  | 'unreachable'
  | 'disk'

/** The one error of this package. The message names store, model, version and file, and says what to do next. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  /** Another try may well succeed. */
  readonly isTransient: boolean
  /** How long the store asked to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined

  constructor(
    readonly code: StoreErrorCode,
    message: string,
    options: ErrorOptions & { isTransient?: boolean; retryAfterMs?: number | undefined } = {},
  ) {
    super(message, options)
    this.isTransient = options.isTransient ?? false
    this.retryAfterMs = options.retryAfterMs
  }
}
