/** Where something stands in a YAML file; line and column count from 1. */
export interface Position {
  file: string
  line: number
  column: number
}

/** A mistake in a pipeline, or something of Azure Pipelines that the rehearsal does not know. */
export class PipelineError extends Error {
  override readonly name = 'PipelineError'

  constructor(
    /** Without the position. */
    readonly reason: string,
    readonly at: Position,
  ) {
    super(`${at.file}:${at.line}:${at.column}: ${reason}`)
  }
}

/** A mistake inside an expression: whoever knows where that stands makes a PipelineError of it. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
}

/** Runs `work`; an ExpressionError in it becomes a PipelineError at that position. */
export function locate<T>(at: Position, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof ExpressionError ? new PipelineError(error.message, at) : error
  }
}
