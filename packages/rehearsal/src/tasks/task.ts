import { resolve } from 'node:path'
import type { RunContext } from '../run/context.js'
import type { JobRecord, StageRecord } from '../run/record.js'
import type { Variables } from '../run/variables.js'

/** A step that ends as failed, with its reason. */
export class TaskFailure extends Error {}

/** What a task, or its local stand-in, works with. */
export interface TaskContext {
  /** With macros replaced. */
  inputs: Record<string, string>
  env: Record<string, string>
  variables: Variables
  run: RunContext
  stage: StageRecord
  job: JobRecord
  log(line: string): void
  warn(message: string): void
  /** Runs a program in the step's folder, its output in the log. @throws TaskFailure when it fails */
  exec(command: string, args: string[], more?: { cwd?: string; env?: Record<string, string> }): Promise<void>
  /** Programs in this folder are found first by all later steps of the job. */
  prependPath(folder: string): void
  /** After the job's last step, when all went well. */
  atJobEnd(work: () => Promise<void>): void
}

export interface Task {
  /** Every input that the stand-in knows; true: it must be given. */
  inputs: Record<string, boolean>
  /** The input that names a service connection. */
  connection?: string
  run(context: TaskContext): Promise<void>
}

/** A path as tasks take it: relative ones are in the sources. */
export function pathOf({ variables }: TaskContext, path: string): string {
  return resolve(variables.get('Build.SourcesDirectory') ?? '.', path)
}

export function folderOf({ variables }: TaskContext, variable: string): string {
  const folder = variables.get(variable)
  if (folder === undefined) throw new TaskFailure(`variable ${variable} is not set`)
  return folder
}
