/**
 * What can go wrong between an image and its labels.
 * About the caller's image: `image-unsupported` (not one of the formats read here), `image-undecodable`,
 * `image-too-large` (more pixels, or more memory or work to decode, than allowed).
 * About the caller's tensor: `input-refused` (the model cannot run one of that shape).
 * About the model: `output-not-finite` (it answered with NaN or Infinity), `model-unloadable`, `model-mismatch` (the manifest does not fit the ONNX file or the labels).
 * About the moment: `not-ready`, `queue-full`, `deadline` (waited too long), `cancelled` (the caller left),
 * `worker-died`, `stopped`.
 */
export type ClassifierErrorCode =
  | 'image-unsupported'
  | 'image-undecodable'
  | 'image-too-large'
  | 'input-refused'
  | 'output-not-finite'
  | 'model-unloadable'
  | 'model-mismatch'
  | 'not-ready'
  | 'queue-full'
  | 'deadline'
  | 'cancelled'
  | 'worker-died'
  | 'stopped'

/** The one error of this package. */
export class ClassifierError extends Error {
  override readonly name = 'ClassifierError'
  /** With `queue-full`: when it is worth trying again, in whole seconds, at least 1. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    readonly code: ClassifierErrorCode,
    message: string,
    options: ErrorOptions & { retryAfterSeconds?: number } = {},
  ) {
    super(message, options)
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/**
 * Makes an error that has no stack trace: for refusals, which come by the hundred a second when there is most to do, and
 * whose place in the code nobody asks for.
 */
export function withoutStack<E extends Error>(make: () => E): E {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return make()
  } finally {
    Error.stackTraceLimit = limit
  }
}
