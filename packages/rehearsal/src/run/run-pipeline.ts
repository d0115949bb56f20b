import type { Pipeline, ValueMap } from '../expand/index.js'
import { compileTimeVariables, runVariables, type Trigger } from '../expand/predefined.js'
import type { RunContext, Surroundings } from './context.js'
import { ancestors, runGraph } from './graph.js'
import type { History } from './history.js'
import { Mask } from './mask.js'
import { aggregate, type JobRecord, newRun, type Result, type RunRecord, type StageRecord } from './record.js'
import { runJob } from './run-job.js'
import { Variables } from './variables.js'

export interface RunRequest {
  /** The pipeline's name in Azure DevOps. */
  name: string
  pipeline: Pipeline
  trigger: Trigger
  /** Runs of the pipelines under `resources`, by alias. */
  resources: Record<string, RunRecord>
  /** The stages that run; the others take their results, outputs and artifacts from an earlier run. */
  selected: Set<string>
}

/**
 * Runs a pipeline to its end.
 * @returns its record; `surroundings.changed` is called whenever that changes
 * @throws PipelineError for a mistake in the pipeline's own variables
 */
export async function runPipeline(
  request: RunRequest,
  surroundings: Surroundings,
  history: History,
  begin: (record: RunRecord) => void,
): Promise<RunRecord> {
  const { name, pipeline, trigger, resources } = request
  const record = newRun(name, history.nextId(), pipeline, trigger)
  const run: RunContext = { ...surroundings, record, history, mask: new Mask(), resources }
  leaveOut(record, request, history)
  const variables = new Variables()
  variables.setAll(compileTimeVariables(name, trigger, run.root))
  variables.declare(pipeline.variables, {})
  record.number = runNumber(name, pipeline.name, variables, history)
  variables.setAll(runVariables(record.id, record.number))
  const token = `rehearsal-access-token-${record.id}`
  variables.set('System.AccessToken', token, true)
  run.mask.add(token)
  begin(record)
  const before = (stage: StageRecord) => record.stages.filter((each) => stage.dependsOn.includes(each.name))
  const namesFor = (stage: StageRecord) => ({
    variables: variables.asValue(),
    dependencies: Object.fromEntries(before(stage).map((each) => [each.name, stageValue(each)])),
  })
  await runGraph(record.stages, run, namesFor, async (stage, { dependencies = {} }) => {
    const jobs = before(stage).map((each) => [each.name, jobValues(each.jobs)] as const)
    const stageDependencies = Object.fromEntries(jobs)
    const own = new Variables(variables)
    own.declare(stage.variables, { dependencies, stageDependencies })
    return await runStage(stage, run, own, stageDependencies)
  })
  record.result = aggregate(record.stages.map(({ result }) => result))
  record.endedAt = Date.now()
  history.add(record, run.mask)
  run.changed()
  return record
}

/** Gives the stages that don't run what they had in an earlier run. */
function leaveOut(record: RunRecord, { name, selected }: RunRequest, history: History): void {
  const chosen = record.stages.filter((stage) => selected.has(stage.name))
  const needed = new Set(chosen.flatMap((stage) => ancestors(record.stages, stage)))
  for (const stage of record.stages.filter((each) => !chosen.includes(each))) {
    const old = needed.has(stage) ? history.lastGoodStage(name, stage.name) : undefined
    stage.result = needed.has(stage) ? (old?.result ?? 'Succeeded') : 'Skipped'
    stage.reason = old ? 'as in an earlier run' : 'not chosen'
    stage.artifacts = old?.artifacts ?? {}
    for (const job of stage.jobs) {
      const same = old?.jobs.find((each) => each.name === job.name)
      Object.assign(job, { result: same?.result ?? stage.result, outputs: same?.outputs ?? {}, steps: [] })
    }
  }
}

async function runStage(
  stage: StageRecord,
  run: RunContext,
  variables: Variables,
  stageDependencies: ValueMap,
): Promise<Result> {
  // As in Azure DevOps, the checks of a stage's environments come before its first job.
  for (const environment of new Set(stage.jobs.flatMap((job) => job.environment ?? []))) {
    if (await run.approve(environment)) continue
    stage.reason = `the deployment to ${environment} was not approved`
    return 'Failed'
  }
  const namesFor = ({ dependsOn }: JobRecord) => ({
    variables: variables.asValue(),
    dependencies: jobValues(stage.jobs.filter(({ name }) => dependsOn.includes(name))),
    stageDependencies,
  })
  await runGraph(stage.jobs, run, namesFor, (job, names) => runJob(job, stage, run, variables, names))
  return aggregate(stage.jobs.map(({ result }) => result))
}

/** `stageDependencies.<stage>`. A job that never began is one that was skipped. */
function jobValues(jobs: JobRecord[]): ValueMap {
  return Object.fromEntries(jobs.map(({ name, result = 'Skipped', outputs }) => [name, { result, outputs }]))
}

/** `dependencies.<stage>`, whose outputs begin with the job. */
function stageValue({ result = 'Skipped', jobs }: StageRecord): ValueMap {
  const outputs = jobs.flatMap((job) =>
    Object.entries(job.outputs).map(([name, value]) => [`${job.name}.${name}`, value] as const),
  )
  return { result, outputs: Object.fromEntries(outputs) }
}

/** A run's number: $(Date:yyyyMMdd), $(Rev:r) and variables. */
function runNumber(pipeline: string, format: string, variables: Variables, history: History): string {
  const today = new Date().toISOString().slice(0, 10).replaceAll('-', '')
  const expanded = variables.expand(format.replace('$(Date:yyyyMMdd)', today))
  return expanded.replace(/\$\(Rev:(\.?)(r+)\)/, (_, dot: string, digits: string) => {
    return `${dot}${String(history.revision(pipeline, expanded)).padStart(digits.length, '0')}`
  })
}
