import { appendFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Step } from '../expand/index.js'
import { tasks } from '../tasks/index.js'
import { type TaskContext, TaskFailure } from '../tasks/task.js'
import { command } from './commands.js'
import type { RunContext } from './context.js'
import { exec } from './exec.js'
import type { JobRecord, Result, StageRecord, StepRecord } from './record.js'
import type { Variables } from './variables.js'

/** A job while its steps run. */
export interface JobState {
  record: JobRecord
  stage: StageRecord
  variables: Variables
  /** Folders that come first in PATH. */
  path: string[]
  /** What tasks do after the last step. */
  endings: (() => Promise<void>)[]
  /** Before every output's name, in deployment jobs. */
  outputPrefix: string
  /** Aborts when the job takes too long or is canceled. */
  signal: AbortSignal
  /** Aborts when even what runs after a cancel must end. */
  hardSignal: AbortSignal
}

const MINUTE_MS = 60_000

/** Runs a step to its end, again where it may be retried, and fills in its record. Never rejects. */
export async function runStep(step: Step, record: StepRecord, job: JobState, run: RunContext): Promise<void> {
  record.startedAt = Date.now()
  run.changed()
  const logFile = join(run.reportFolder, record.logFile)
  appendFileSync(logFile, '')
  const write = (line: string) => {
    const text = run.mask.apply(line)
    appendFileSync(logFile, `${text}\n`)
    run.changed({ job: job.record.displayName, text })
  }
  const retries = Number(job.variables.expand(step.retryCountOnTaskFailure)) || 0
  let result: Result = 'Failed'
  for (let attempt = 0; attempt <= retries; attempt++) {
    if (attempt > 0) write(`##[warning]Attempt ${attempt + 1} of ${retries + 1}`)
    result = await attemptStep(step, record, job, run, write)
    if (result !== 'Failed') break
  }
  if (result === 'Failed' && step.continueOnError) result = 'SucceededWithIssues'
  record.result = result
  record.endedAt = Date.now()
  run.changed()
}

async function attemptStep(
  step: Step,
  record: StepRecord,
  job: JobState,
  run: RunContext,
  write: (line: string) => void,
): Promise<Result> {
  const { variables } = job
  const minutes = Number(variables.expand(step.timeoutInMinutes)) || 0
  const outer = job.signal.aborted ? job.hardSignal : job.signal
  const signal = minutes > 0 ? AbortSignal.any([outer, AbortSignal.timeout(minutes * MINUTE_MS)]) : outer
  const expandAll = (values: Record<string, string>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, variables.expand(value)]))
  const state = { result: undefined as Result | undefined }
  const report = (type: 'error' | 'warning', message: string) => {
    record.issues.push({ type, message: run.mask.apply(message) })
    write(`##[${type}]${message}`)
  }
  const env: Record<string, string> = {
    ...run.env,
    ...variables.environment(),
    TF_BUILD: 'True',
    ...expandAll(step.env),
  }
  env.PATH = [...job.path, env.PATH ?? ''].join(delimiter)
  const onLine = (line: string) => {
    if (!command(line, { step, job, run, state, report, write })) write(line)
  }
  const context: TaskContext = {
    inputs: expandAll(step.inputs),
    env,
    variables,
    run,
    stage: job.stage,
    job: job.record,
    log: write,
    warn: (message) => report('warning', message),
    async exec(program, args, more = {}) {
      const cwd = more.cwd ?? variables.get('Build.SourcesDirectory') ?? run.root
      const code = await exec(program, args, { cwd, env: { ...env, ...more.env }, signal, onLine })
      if (signal.aborted) throw new TaskFailure('it was ended')
      if (code !== 0) throw new TaskFailure(`${typeof code === 'number' ? 'exit code' : 'ended by'} ${code}`)
    },
    prependPath: (folder) => job.path.unshift(folder),
    atJobEnd: (work) => job.endings.push(work),
  }
  try {
    const task = tasks[step.task]
    if (task?.connection) {
      const connection = context.inputs[task.connection] ?? ''
      write(`Service connection: ${connection}`)
      if (!run.record.serviceConnections.includes(connection)) run.record.serviceConnections.push(connection)
    }
    await task?.run(context)
    return state.result ?? 'Succeeded'
  } catch (error) {
    if (outer.aborted && !isTimeout(outer)) return 'Canceled'
    if (signal.aborted)
      report('error', `timed out${minutes > 0 && !outer.aborted ? ` after ${minutes} minutes` : ''}`)
    else report('error', error instanceof TaskFailure ? error.message : String((error as Error).stack))
    return 'Failed'
  }
}

export function isTimeout(signal: AbortSignal): boolean {
  return signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError'
}
