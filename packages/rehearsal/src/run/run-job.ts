import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Hook, Job, Stage, Step, ValueMap } from '../expand/index.js'
import { standIns } from '../tasks/tools.js'
import { graphFunctions, isMet, stepFunctions } from './conditions.js'
import type { RunContext } from './context.js'
import { ancestors } from './graph.js'
import { agentVariables } from './predefined.js'
import { aggregate, type JobRecord, type Result, type StageRecord, type StepRecord } from './record.js'
import { isTimeout, type JobState, runStep } from './run-step.js'
import { Variables } from './variables.js'

export interface JobContext {
  run: RunContext
  stage: Stage
  stageRecord: StageRecord
  stageVariables: Variables
  /** `stageDependencies`. */
  stageDependencies: ValueMap
}

const MINUTE_MS = 60_000

/** Runs a job if its condition is met, and fills in its record. Rejects only with a PipelineError. */
export async function runJob(job: Job, record: JobRecord, context: JobContext): Promise<void> {
  const { run, stage } = context
  const siblings = context.stageRecord.jobs
  const results = new Map(siblings.map(({ name, result }) => [name, result]))
  const before = new Map(ancestors(stage.jobs, job).map(({ name }) => [name, results.get(name)]))
  const dependencies = Object.fromEntries(
    siblings
      .filter(({ name }) => job.dependsOn.includes(name))
      .map(({ name, result, outputs }) => [name, { result: result ?? null, outputs }]),
  )
  const names = {
    variables: context.stageVariables.asValue(),
    dependencies,
    stageDependencies: context.stageDependencies,
  }
  if (!isMet(job.condition, job.conditionAt, names, graphFunctions(before, run.signal.aborted))) {
    record.result = 'Skipped'
    record.reason = job.condition ? `condition: ${job.condition}` : 'what it depends on did not succeed'
    return
  }
  record.startedAt = Date.now()
  run.changed()
  record.result = await runHooks(job, record, context, names)
  if (record.result === 'Failed' && job.continueOnError) record.result = 'SucceededWithIssues'
  record.endedAt = Date.now()
  run.changed()
}

/** A deployment's hooks run one after another until one fails; then `failure`, or else `success`, is the last. */
async function runHooks(job: Job, record: JobRecord, context: JobContext, names: ValueMap): Promise<Result> {
  const results: Result[] = []
  for (const hook of job.hooks) {
    const isFailed = results.includes('Failed')
    if (hook.name === 'failure' ? !isFailed : isFailed) continue
    results.push(await runHook(job, hook, record, context, names))
  }
  return aggregate(results)
}

async function runHook(
  job: Job,
  hook: Hook,
  record: JobRecord,
  context: JobContext,
  names: ValueMap,
): Promise<Result> {
  const { run, stage } = context
  const workspace = join(run.folder, 'agents', `${run.record.id}-${stage.name}-${job.name}-${hook.name}`)
  const variables = new Variables(context.stageVariables)
  variables.setAll({
    ...agentVariables(workspace),
    'System.StageName': stage.name,
    'System.StageDisplayName': stage.displayName,
    'System.JobName': job.name,
    'System.JobDisplayName': job.displayName,
    'System.PhaseName': job.name,
    'Agent.JobName': job.displayName,
    ...(job.environment && { 'Environment.Name': job.environment.name }),
    ...(job.environment?.resource !== undefined && { 'Environment.ResourceName': job.environment.resource }),
  })
  variables.declare(job.variables, { names })
  for (const folder of ['s', 'a', 'b', 'tmp', 'tools', 'TestResults']) {
    await mkdir(join(workspace, folder), { recursive: true })
  }
  const minutes = Number(variables.expand(job.timeoutInMinutes)) || 0
  const timeout = minutes > 0 ? [AbortSignal.timeout(minutes * MINUTE_MS)] : []
  const state: JobState = {
    record,
    stage: context.stageRecord,
    variables,
    path: [join(standIns, 'agent')],
    endings: [],
    outputPrefix: outputPrefix(job),
    signal: AbortSignal.any([run.signal, ...timeout]),
    hardSignal: run.hardSignal,
  }
  const isCheckedOut = hook.steps.some(({ task }) => task === 'checkout')
  const implicit = hook.name === 'steps' && !isCheckedOut ? [checkoutStep(job)] : []
  try {
    const result = await runSteps([...implicit, ...hook.steps], state, names, context)
    if (result === 'Succeeded') for (const ending of state.endings) await ending()
    return result
  } finally {
    await rm(workspace, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Where others find a deployment job's outputs: ['Job.step.variable'], or with a resource ['Deploy_resource. ...']. */
function outputPrefix({ name, environment }: Job): string {
  if (!environment) return ''
  return environment.resource === undefined ? `${name}.` : `Deploy_${environment.resource}.`
}

async function runSteps(
  steps: Step[],
  job: JobState,
  names: ValueMap,
  { run, stage }: JobContext,
): Promise<Result> {
  let result: Result = 'Succeeded'
  const already = job.record.steps.length
  const records = steps.map((step, index): StepRecord => {
    const number = String(already + index + 1).padStart(2, '0')
    return {
      name: step.name ?? '',
      displayName: job.variables.expand(step.displayName),
      task: step.task,
      issues: [],
      logFile: join('logs', `${run.record.id}-${stage.name}-${job.record.name}-${number}.log`),
      at: `${step.at.file}:${step.at.line}`,
    }
  })
  job.record.steps.push(...records)
  for (const [index, step] of steps.entries()) {
    const record = records[index] as StepRecord
    // The job's own time is up, or it was canceled while it waited.
    if (job.signal.aborted && result !== 'Failed') result = isTimeout(job.signal) ? 'Failed' : 'Canceled'
    job.variables.set('Agent.JobStatus', result)
    const scope = { ...names, variables: job.variables.asValue() }
    if (!step.enabled || !isMet(step.condition, step.conditionAt, scope, stepFunctions(result))) {
      record.result = 'Skipped'
      continue
    }
    await runStep(step, record, job, run)
    if (record.result !== 'Succeeded' && result !== 'Failed') result = aggregate([result, record.result])
  }
  return result
}

/** Plain jobs check out the repository without being told. */
function checkoutStep({ at }: Job): Step {
  return {
    ...{
      task: 'checkout',
      inputs: { checkout: 'self' },
      displayName: 'Checkout',
      at,
      conditionAt: at,
      env: {},
    },
    ...{ continueOnError: false, enabled: true, timeoutInMinutes: '0', retryCountOnTaskFailure: '0' },
  }
}
