import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { loadPipeline, type Pipeline } from './expand/index.js'
import { compileTimeVariables, type Trigger } from './expand/predefined.js'
import { passes } from './expand/triggers.js'
import { git } from './git.js'
import { type Options, UsageError } from './options.js'
import { hasTags } from './run/history.js'
import type { RunRecord } from './run/record.js'
import { checkTasks } from './tasks/index.js'

/** A pipeline as it is expanded for one event. */
export interface Prepared {
  name: string
  pipeline: Pipeline
  trigger: Trigger
  /** Why the event does not start it; undefined: it does, or another pipeline may. */
  why?: string | undefined
  /** The stages to run; the others' results are of an earlier run. */
  selected: Set<string>
}

const FOLDER = 'azure-pipelines'
const PULL_REQUEST = '1'

/** In Azure DevOps, build.yml is the pipeline inference-build; resources name it so. */
const nameOf = (file: string) => `inference-${basename(file, '.yml')}`

/**
 * Expands every pipeline of the repository for an event.
 * @throws PipelineError
 */
export async function preparePipelines(
  options: Options,
  root: string,
  overrides: Record<string, string> = {},
): Promise<Prepared[]> {
  const [commit = '', message = ''] = (await git('-C', root, 'log', '-1', '--format=%H%n%B')).split(/\n(.*)/s)
  const event = triggerOf(options, commit, message)
  const load = (file: string, trigger: Trigger): Prepared => {
    const name = nameOf(file)
    const variables = compileTimeVariables(name, trigger, root)
    // Parameters are for what the event or a person starts; other pipelines have their defaults.
    const parameters = name === (options.pipeline ?? nameOf('build.yml')) ? options.parameters : {}
    const pipeline = loadPipeline(join(root, FOLDER, file), { root, variables, overrides, parameters })
    checkTasks(pipeline)
    return { name, pipeline, trigger, selected: new Set() }
  }
  const files = readdirSync(join(root, FOLDER)).filter((file) => file.endsWith('.yml'))
  const prepared = files.map((file) => {
    if (nameOf(file) === options.pipeline) return load(file, { ...event, reason: 'Manual' })
    const each = load(file, event)
    const { trigger, schedules } = each.pipeline
    if (!trigger) return load(file, { ...event, reason: 'ResourceTrigger' })
    const schedule = options.schedule ?? schedules[0]?.displayName ?? ''
    if (options.event === 'schedule') each.trigger.variables['Build.CronSchedule.DisplayName'] = schedule
    return { ...each, why: whyNot(each.pipeline, options) }
  })
  select(prepared, options)
  return prepared
}

/** What Azure Pipelines would tell a run that this event starts. */
function triggerOf(options: Options, commit: string, message: string): Trigger {
  const branch = `refs/heads/${options.branch}`
  if (options.event === 'pr') {
    const variables = {
      'System.PullRequest.PullRequestId': PULL_REQUEST,
      'System.PullRequest.TargetBranch': branch,
      'System.PullRequest.SourceBranch': 'refs/heads/a-change',
    }
    return { reason: 'PullRequest', branch: `refs/pull/${PULL_REQUEST}/merge`, commit, message, variables }
  }
  // After `model publish`, the runs API is called.
  const reasons: Record<string, Trigger['reason']> = { schedule: 'Schedule', model: 'Manual' }
  return { reason: reasons[options.event] ?? 'IndividualCI', branch, commit, message, variables: {} }
}

/** Why the event does not start a pipeline; undefined when it does. */
function whyNot(pipeline: Pipeline, { event, branch, changed, schedule }: Options): string | undefined {
  const ref = `refs/heads/${branch}`
  if (event === 'model') return undefined
  if (event === 'schedule') {
    const { schedules } = pipeline
    const wanted = schedules.find(({ displayName }) => schedule === undefined || displayName === schedule)
    const names = schedules.map(({ displayName }) => displayName).join(', ')
    if (!wanted) throw new UsageError(`there is no schedule ${schedule}. There are: ${names}`)
    return passes(wanted.branches, ref) ? undefined : `its schedule is not for ${branch}`
  }
  const trigger = event === 'push' ? pipeline.trigger : pipeline.pr
  if (!trigger) return `${event === 'push' ? 'trigger' : 'pr'} is none`
  if (!passes(trigger.branches, ref)) return `its branches don't include ${branch}`
  if (!changed || changed.some((path) => passes(trigger.paths, path))) return undefined
  return `its paths don't include ${changed.join(', ')}`
}

/** Whether a finished run starts another pipeline, and under which alias that knows it. */
export function startsAfter(run: RunRecord, { resources }: Pipeline): string | undefined {
  const fits = resources.find(
    ({ source, trigger }) =>
      source === run.name &&
      trigger &&
      passes(trigger.branches, run.trigger.branch) &&
      hasTags(run, trigger.tags),
  )
  return fits?.pipeline
}

/** Started by the event, or by a pipeline that is. */
export function mayRun({ pipeline, trigger, why, selected }: Prepared, prepared: Prepared[]): boolean {
  if (selected.size === 0 || why) return false
  if (trigger.reason !== 'ResourceTrigger') return true
  return pipeline.resources.some(({ source, trigger: after }) => {
    const before = prepared.find(({ name }) => name === source)
    return after && before && !before.why && passes(after.branches, before.trigger.branch)
  })
}

function select(prepared: Prepared[], { stage: stages = [], from, pipeline: byHand }: Options): void {
  if (byHand !== undefined) {
    const chosen = prepared.find(({ name }) => name === byHand)
    const names = prepared.map(({ name }) => name).join(', ')
    if (!chosen) throw new UsageError(`there is no pipeline ${byHand}. There are: ${names}`)
    for (const { name } of chosen.pipeline.stages) chosen.selected.add(name)
    return
  }
  const known = prepared.flatMap(({ pipeline }) => pipeline.stages.map(({ name }) => name))
  const unknown = [...stages, from ?? []].flat().find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new UsageError(`there is no stage ${unknown}. There are: ${[...new Set(known)].join(', ')}`)
  for (const { pipeline, selected } of prepared) {
    const isHere = pipeline.stages.some(({ name }) => name === from)
    // What comes after the chosen stage's pipeline runs as a whole; what comes before does not run at all.
    const isAll = stages.length === 0 && (from === undefined || (!isHere && pipeline.resources.length > 0))
    for (const { name, dependsOn } of pipeline.stages) {
      const isAfter = isHere && (name === from || dependsOn.some((before) => selected.has(before)))
      if (isAll || stages.includes(name) || isAfter) selected.add(name)
    }
  }
}
