import type { Position } from '@repo/rehearsal/expand'
import type { Repository } from '../repository.js'
import type { Run } from '../runs.js'

export interface Context {
  repository: Repository
  run: Run
  /** Every run of every pipeline. */
  runs: Run[]
  /** @param near words on the line that is meant, at or after the position */
  report(at: Position, message: string, near?: string): void
}

/** Looks at one expanded pipeline for one kind of mistake. */
export type Rule = (context: Context) => void
