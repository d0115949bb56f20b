/**
 * What can be wrong with a model bundle.
 * - `missing`: the folder, the manifest or a file it lists is not there
 * - `invalid`: the manifest breaks the schema, or the labels file is unusable
 * - `unsupported`: the manifest follows a newer major schema than this code knows
 * - `integrity`: a file's size or SHA-256 is not what the manifest says, or it is a link
 */
export type BundleErrorCode = 'missing' | 'invalid' | 'unsupported' | 'integrity'

/** The one error of this package. The message says what was wrong, what was expected and what to do. */
export class BundleError extends Error {
  override readonly name = 'BundleError'

  constructor(
    readonly code: BundleErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}
