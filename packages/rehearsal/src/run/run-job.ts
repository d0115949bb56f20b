import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ValueMap } from '../expand/index.js'
import { jobVariables } from '../expand/predefined.js'
import { standIns } from '../tasks/tools.js'
import { isMet, statusOf } from './conditions.js'
import type { JobContext, RunContext } from './context.js'
import { aggregate, type JobRecord, type Result, type StageRecord } from './record.js'
import { isTimeout, runStep } from './run-step.js'
import { Variables } from './variables.js'

export const MINUTE_MS = 60_000

/**
 * Runs the steps of a job, in folders of its own.
 * @param names what its expressions see
 */
export async function runJob(
  record: JobRecord,
  stage: StageRecord,
  run: RunContext,
  outer: Variables,
  names: ValueMap,
): Promise<Result> {
  const workspace = join(run.folder, 'agents', `${run.record.id}-${stage.name}-${record.name}`)
  const [sources, temporary] = [join(workspace, 's'), join(workspace, 'tmp')]
  const variables = new Variables(outer)
  variables.setAll(jobVariables(workspace, stage.name, record))
  if (record.environment) variables.set('Environment.Name', record.environment)
  variables.declare(record.variables, names)
  const minutes = Number(variables.expand(record.timeoutInMinutes)) || 0
  const timeout = minutes > 0 ? [AbortSignal.timeout(minutes * MINUTE_MS)] : []
  const signal = AbortSignal.any([run.signal, ...timeout])
  const path = [join(standIns, 'agent')]
  const job: JobContext = { run, stage, record, variables, sources, temporary, path, signal }
  try {
    for (const folder of [sources, temporary, join(workspace, 'a')]) await mkdir(folder, { recursive: true })
    const result = await runSteps(job, names)
    return result === 'Failed' && record.continueOnError ? 'SucceededWithIssues' : result
  } finally {
    await rm(workspace, { recursive: true, force: true, maxRetries: 3 })
  }
}

async function runSteps(job: JobContext, names: ValueMap): Promise<Result> {
  const { run, record, variables, signal } = job
  let result: Result = 'Succeeded'
  for (const step of record.steps) step.displayName = run.mask.apply(variables.expand(step.displayName))
  for (const step of record.steps) {
    // The job's own time is up, or it was canceled while it waited.
    if (signal.aborted && result !== 'Failed') result = isTimeout(signal) ? 'Failed' : 'Canceled'
    variables.set('Agent.JobStatus', result)
    const scope = { ...names, variables: variables.asValue() }
    const status = statusOf(new Map([[record.name, result]]), result === 'Canceled')
    try {
      if (step.enabled && isMet(step, scope, status)) await runStep(step, job)
      else step.result = 'Skipped'
    } catch (error) {
      step.issues.push({ type: 'error', message: (error as Error).message })
      step.result = 'Failed'
    }
    if (step.result !== 'Skipped' && result !== 'Failed') result = aggregate([result, step.result])
  }
  return result
}
