/** Why the suite could not run at all: it was asked wrongly, or nothing answers at the address. */
export type ConformanceErrorCode = 'usage' | 'unreachable'

export class ConformanceError extends Error {
  override readonly name = 'ConformanceError'

  constructor(
    readonly code: ConformanceErrorCode,
    message: string,
  ) {
    super(message)
  }
}

/** The server sent no answer: refused, closed, or too slow. It fails the check that asked. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
}

/** A check's expectation was not met; the message says what was found instead. */
export class Unmet extends Error {
  override readonly name = 'Unmet'
}

/** A check does not apply to this model; the message says why. */
export class NotApplicable extends Error {
  override readonly name = 'NotApplicable'
}
