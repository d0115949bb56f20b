import type { ExpressionFunction, Pipeline, Stage, ValueMap } from '../expand/index.js'
import { toNumber, toText } from '../expand/values.js'
import { graphFunctions, isMet } from './conditions.js'
import type { RunContext, Surroundings } from './context.js'
import { ancestors, runGraph } from './graph.js'
import type { History } from './history.js'
import { Mask } from './mask.js'
import { compileTimeVariables, runNumber, runVariables, type Trigger } from './predefined.js'
import { aggregate, type JobRecord, type RunRecord, type StageRecord } from './record.js'
import { runJob } from './run-job.js'
import { Variables } from './variables.js'

export interface RunRequest {
  /** The pipeline's name in Azure DevOps. */
  name: string
  pipeline: Pipeline
  trigger: Trigger
  /** Runs of the pipelines under `resources`, by alias. */
  resources: Record<string, RunRecord>
  /** Whether a stage runs; the others take their results, outputs and artifacts from an earlier run. */
  isSelected(stage: string): boolean
}

/**
 * Runs a pipeline to its end.
 * @returns its record; `surroundings.changed` is called whenever that changes
 * @throws PipelineError for a mistake that shows only now, such as an unknown name in a condition
 */
export async function runPipeline(
  request: RunRequest,
  surroundings: Surroundings,
  history: History,
  begin: (record: RunRecord) => void,
): Promise<RunRecord> {
  const { name, pipeline, trigger, resources } = request
  const record = newRecord(request, history)
  const run: RunContext = { ...surroundings, record, history, mask: new Mask(), resources }
  const variables = new Variables()
  variables.setAll(compileTimeVariables(name, trigger, surroundings.root))
  const scope = {
    names: { pipeline: { startTime: new Date(record.startedAt ?? 0) } },
    functions: counter(name, history),
  }
  variables.declare(pipeline.variables, scope)
  record.number = runNumber(name, pipeline.name, (text) => variables.expand(text), history)
  variables.setAll(runVariables(record, pipeline, trigger, resources))
  variables.set('System.AccessToken', `rehearsal-access-token-${record.id}`, { secret: true })
  run.mask.add(variables.get('System.AccessToken') ?? '')
  begin(record)

  let problem: unknown
  const stop = new AbortController()
  const guarded = { ...run, signal: AbortSignal.any([run.signal, stop.signal]) }
  await runGraph(pipeline.stages, run.width, async (stage) => {
    const stageRecord = record.stages.find((each) => each.name === stage.name) as StageRecord
    if (stageRecord.result !== undefined) return
    await runStage(stage, stageRecord, request, guarded, variables).catch((error: unknown) => {
      problem ??= error
      stageRecord.result = 'Failed'
      stop.abort()
    })
    run.changed()
  })
  record.result = aggregate(record.stages.map(({ result }) => result))
  record.endedAt = Date.now()
  history.add(record)
  run.changed()
  if (problem !== undefined) throw problem
  return record
}

function newRecord({ name, pipeline, trigger, isSelected }: RunRequest, history: History): RunRecord {
  const chosen = pipeline.stages.filter((stage) => isSelected(stage.name))
  const needed = new Set(chosen.flatMap((stage) => ancestors(pipeline.stages, stage)))
  const stages = pipeline.stages.map((stage): StageRecord => {
    if (isSelected(stage.name)) return newStage(stage)
    if (!needed.has(stage)) return { ...newStage(stage), result: 'Skipped', reason: 'not chosen' }
    const old = history.lastGoodStage(name, stage.name)
    // Without an earlier run it counts as done, and has no outputs.
    return old ? asEarlier(old) : { ...newStage(stage), result: 'Succeeded', reason: 'not chosen' }
  })
  return {
    ...{
      name,
      displayName: name,
      file: pipeline.file,
      id: history.nextId(),
      number: '',
      startedAt: Date.now(),
      stages,
    },
    ...{ reason: trigger.reason, branch: trigger.branch, commit: trigger.commit },
    ...{ tags: [], summaries: [], tests: [], serviceConnections: [] },
  }
}

function newStage({ name, displayName, dependsOn, jobs }: Stage): StageRecord {
  const jobRecords = jobs.map((job): JobRecord => {
    return {
      ...{ name: job.name, displayName: job.displayName, steps: [], outputs: {} },
      ...(job.environment && { environment: job.environment.name }),
    }
  })
  return { name, displayName, dependsOn, jobs: jobRecords, artifacts: {} }
}

/** What later stages need of it: results, outputs, artifacts. Its steps and times belong to the other run. */
function asEarlier({ jobs, startedAt, endedAt, ...stage }: StageRecord): StageRecord {
  const kept = jobs.map(({ startedAt: _, endedAt: __, ...job }) => ({ ...job, steps: [] }))
  return { ...stage, reason: stage.reason ?? 'as in an earlier run', jobs: kept }
}

async function runStage(
  stage: Stage,
  record: StageRecord,
  { pipeline }: RunRequest,
  run: RunContext,
  runVariables: Variables,
): Promise<void> {
  const { stages } = run.record
  const before = new Map(
    ancestors(pipeline.stages, stage).map(({ name }) => [
      name,
      stages.find((each) => each.name === name)?.result,
    ]),
  )
  const direct = stages.filter(({ name }) => stage.dependsOn.includes(name))
  const dependencies: ValueMap = Object.fromEntries(direct.map((each) => [each.name, stageValue(each)]))
  const stageDependencies: ValueMap = Object.fromEntries(
    direct.map(({ name, jobs }) => [name, Object.fromEntries(jobs.map((job) => [job.name, jobValue(job)]))]),
  )
  const names = { variables: runVariables.asValue(), dependencies }
  if (!isMet(stage.condition, stage.conditionAt, names, graphFunctions(before, run.signal.aborted))) {
    record.result = 'Skipped'
    record.reason = stage.condition ? `condition: ${stage.condition}` : 'what it depends on did not succeed'
    for (const job of record.jobs) job.result = 'Skipped'
    return
  }
  record.startedAt = Date.now()
  run.changed()
  const variables = new Variables(runVariables)
  variables.declare(stage.variables, { names: { dependencies, stageDependencies } })
  // As in Azure DevOps, the checks of a stage's environments come before its first job.
  for (const environment of new Set(stage.jobs.flatMap((job) => job.environment?.name ?? []))) {
    if (await run.approve(environment)) continue
    record.result = 'Failed'
    record.reason = `the deployment to ${environment} was not approved`
    for (const job of record.jobs) job.result = 'Skipped'
    record.endedAt = Date.now()
    return
  }
  const context = { run, stage, stageRecord: record, stageVariables: variables, stageDependencies }
  const problems: unknown[] = []
  await runGraph(stage.jobs, run.width, async (job) => {
    const jobRecord = record.jobs.find(({ name }) => name === job.name) as JobRecord
    await runJob(job, jobRecord, context).catch((error: unknown) => {
      problems.push(error)
      jobRecord.result = 'Failed'
    })
  })
  record.result = aggregate(record.jobs.map(({ result }) => result))
  record.endedAt = Date.now()
  if (problems.length > 0) throw problems[0]
}

/** `dependencies.<stage>`, whose outputs begin with the job. */
function stageValue({ result, jobs }: StageRecord): ValueMap {
  const outputs = jobs.flatMap((job) =>
    Object.entries(job.outputs).map(([name, value]) => [`${job.name}.${name}`, value] as const),
  )
  return { result: result ?? null, outputs: Object.fromEntries(outputs) }
}

function jobValue({ result, outputs }: JobRecord): ValueMap {
  return { result: result ?? null, outputs }
}

function counter(pipeline: string, history: History): Record<string, ExpressionFunction> {
  return {
    counter: {
      min: 0,
      max: 2,
      run: ([prefix, seed]) =>
        history.count(pipeline, toText(prefix?.() ?? '') ?? '', toNumber(seed?.() ?? 0) ?? 0),
    },
  }
}
