/** What is wrong with a request's content. */
export type RequestErrorCode =
  | 'malformed-json'
  | 'body-too-large'
  | 'invalid-input'
  | 'not-base64'
  | 'malformed-multipart'
  | 'too-many-images'
  | 'image-unsupported'
  | 'image-undecodable'
  | 'image-too-large'
  | 'no-preview'

/** The one error of reading a request's content. Thrown in a worker, mapped to HTTP in http/problem.ts. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  /** Crosses to the main thread with the message: the index, from 0, of the image that it is about. */
  readonly details: { image?: number }

  constructor(
    readonly code: RequestErrorCode,
    message: string,
    image?: number,
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.details = image === undefined ? {} : { image }
  }
}
