import { resolve } from 'node:path'
import type { JobContext, RunContext } from '../run/context.js'
import type { Result, StepRecord } from '../run/record.js'

/** A step that ends as failed, with its reason. */
export class TaskFailure extends Error {}

/** What a task, or its local stand-in, works with. */
export interface TaskContext {
  step: StepRecord
  /** With macros replaced. */
  inputs: Record<string, string>
  run: RunContext
  job: JobContext
  log(line: string): void
  warn(message: string): void
  report(type: 'error' | 'warning', message: string): void
  /** How the step ends, whatever its exit code says. */
  complete(result: Result): void
  /** Runs a program in the sources, its output in the log. @throws TaskFailure when it fails */
  exec(command: string, args: string[], more?: { cwd?: string; env?: Record<string, string> }): Promise<void>
}

export interface Task {
  /** Inputs that must be given. */
  needs: string[]
  /** Inputs that may be given; any other is a mistake. */
  takes?: string[]
  /** The input that names a service connection. */
  connection?: string
  run(context: TaskContext): Promise<void>
}

/** A path as tasks take it: relative ones are in the sources. */
export function pathOf({ job }: TaskContext, path = ''): string {
  return resolve(job.sources, path)
}
