/** What is wrong with a score request's content. `image` is the index, from 0, of the image it is about. */
export type ScoreErrorCode =
  | 'malformed-json'
  | 'invalid-input'
  | 'not-base64'
  | 'malformed-multipart'
  | 'too-many-images'
  | 'image-unsupported'
  | 'image-undecodable'
  | 'image-too-large'

/** The one error of reading a score request. Thrown in a worker, mapped to HTTP in http/problem.ts. */
export class ScoreError extends Error {
  override readonly name = 'ScoreError'
  /** Crosses to the main thread with the message. */
  readonly details: { image?: number }

  constructor(
    readonly code: ScoreErrorCode,
    message: string,
    image?: number,
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.details = image === undefined ? {} : { image }
  }
}
