/** Something the user can mend. It is shown as one line and the next step, without a stack trace. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError'

  constructor(
    message: string,
    /** What to do about it. */
    readonly next?: string,
    /** The launcher's exit code: 2 for wrong usage, 1 for everything else. */
    readonly exitCode = 1,
  ) {
    super(message)
  }
}

/** For mistakes on the command line or in the environment. */
export function usageError(message: string): LaunchError {
  return new LaunchError(message, 'See npm start -- --help', 2)
}
