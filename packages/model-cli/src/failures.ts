import { BundleError } from '@repo/model-bundle'
import { StoreError } from '@repo/model-loader'
import { CommanderError } from 'commander'
import { QualityError } from './check-model.js'

/** Every kind of failure with its exit code and what it means: the one place that knows. Part of the interface. */
export const FAILURES = {
  internal: { exitCode: 1, meaning: 'anything else' },
  usage: { exitCode: 2, meaning: 'wrong usage' },
  'not-found': { exitCode: 3, meaning: 'no such model, version or container' },
  integrity: { exitCode: 4, meaning: 'a model is damaged, or is not a valid bundle' },
  access: { exitCode: 5, meaning: 'the store refused access' },
  unreachable: { exitCode: 6, meaning: 'the store or the network did not answer' },
  conflict: { exitCode: 7, meaning: 'the version exists already with other content' },
  disk: { exitCode: 8, meaning: "this machine's disk: full, read-only, not permitted" },
  quality: { exitCode: 9, meaning: 'the model gets too few of its samples right' },
  cancelled: { exitCode: 130, meaning: 'cancelled by Ctrl-C' },
} as const

export type FailureCode = keyof typeof FAILURES

/** What went wrong, in the words that go to the user. */
export interface Failure {
  code: FailureCode
  message: string
}

export function failureOf(error: unknown, signal: AbortSignal): Failure {
  if (signal.aborted && (signal.reason as Error | undefined)?.name === 'TimeoutError') {
    return {
      code: 'unreachable',
      message: 'The time that --timeout allows is up. Run it again: a pull goes on.',
    }
  }
  if (signal.aborted) return { code: 'cancelled', message: 'Cancelled.' }
  if (error instanceof QualityError) return { code: 'quality', message: error.message }
  if (error instanceof StoreError) return { code: error.code, message: error.message }
  if (error instanceof BundleError) return { code: 'integrity', message: error.message }
  if (error instanceof Error && (error as NodeJS.ErrnoException).syscall !== undefined) {
    return { code: 'disk', message: error.message }
  }
  if (error instanceof CommanderError) {
    return { code: 'usage', message: error.message.replace(/^error: /, '') }
  }
  // Not by its class: that would load the whole classifier for every command.
  if (error instanceof Error && error.name === 'ClassifierError') {
    return { code: 'integrity', message: error.message }
  }
  return {
    code: 'internal',
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
  }
}
