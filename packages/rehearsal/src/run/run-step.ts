import { appendFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { tasks } from '../tasks/index.js'
import { type TaskContext, TaskFailure } from '../tasks/task.js'
import { command } from './commands.js'
import type { JobContext } from './context.js'
import { exec } from './exec.js'
import type { Result, StepRecord } from './record.js'
import { MINUTE_MS } from './run-job.js'

/** Runs a step to its end, again where it may be retried, and fills in its record. */
export async function runStep(step: StepRecord, job: JobContext): Promise<void> {
  const { run, variables } = job
  step.startedAt = Date.now()
  run.changed()
  const logFile = join(run.reportFolder, step.logFile)
  appendFileSync(logFile, '')
  const log = (line: string) => {
    const text = run.mask.apply(line)
    appendFileSync(logFile, `${text}\n`)
    run.changed({ job: job.record.displayName, text })
  }
  const attempts = 1 + (Number(variables.expand(step.retryCountOnTaskFailure)) || 0)
  let result: Result = 'Failed'
  for (let attempt = 1; attempt <= attempts && result === 'Failed'; attempt++) {
    if (attempt > 1) log(`##[warning]Attempt ${attempt} of ${attempts}`)
    result = await attemptStep(step, job, log)
  }
  step.result = result === 'Failed' && step.continueOnError ? 'SucceededWithIssues' : result
  step.endedAt = Date.now()
  run.changed()
}

async function attemptStep(step: StepRecord, job: JobContext, log: (line: string) => void): Promise<Result> {
  const { run, variables } = job
  const minutes = Number(variables.expand(step.timeoutInMinutes)) || 0
  const outer = job.signal.aborted ? run.hardSignal : job.signal
  const signal = minutes > 0 ? AbortSignal.any([outer, AbortSignal.timeout(minutes * MINUTE_MS)]) : outer
  const own = variables.expandAll(step.env)
  const env: Record<string, string> = { ...run.env, ...variables.environment(), TF_BUILD: 'True', ...own }
  env.PATH = [...job.path, env.PATH ?? ''].join(delimiter)
  let completed: Result = 'Succeeded'
  const report = (type: 'error' | 'warning', message: string) => {
    step.issues.push({ type, message: run.mask.apply(message) })
    log(`##[${type}]${message}`)
  }
  const context: TaskContext = {
    ...{ run, job, step, log, report },
    inputs: variables.expandAll(step.inputs),
    warn: (message) => report('warning', message),
    complete: (result) => {
      completed = result
    },
    async exec(program, args, more = {}) {
      const onLine = (line: string) => command(line, context) || log(line)
      const options = { cwd: more.cwd ?? job.sources, env: { ...env, ...more.env }, signal, onLine }
      const code = await exec(program, args, options)
      if (signal.aborted) throw new TaskFailure('it was ended')
      if (code !== 0) throw new TaskFailure(`${typeof code === 'number' ? 'exit code' : 'ended by'} ${code}`)
    },
  }
  try {
    const task = tasks[step.task]
    const connection = task?.connection && (context.inputs[task.connection] ?? '')
    if (connection) {
      log(`Service connection: ${connection}`)
      run.record.serviceConnections = [...new Set([...run.record.serviceConnections, connection])]
    }
    await task?.run(context)
    return completed
  } catch (error) {
    if (outer.aborted && !isTimeout(outer)) return 'Canceled'
    const inTime = error instanceof TaskFailure ? error.message : String((error as Error).stack)
    const after = outer.aborted ? '' : ` after ${minutes} minutes`
    report('error', signal.aborted ? `timed out${after}` : inTime)
    return 'Failed'
  }
}

export function isTimeout(signal: AbortSignal): boolean {
  return signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError'
}
