import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { triggerOf } from './events.js'
import { loadPipeline, type Pipeline } from './expand/index.js'
import { type Options, UsageError } from './options.js'
import { compileTimeVariables, type Trigger } from './run/predefined.js'
import { checkTasks } from './tasks/index.js'

/** A pipeline as it is expanded for one event. */
export interface Prepared {
  name: string
  pipeline: Pipeline
  trigger: Trigger
  /** The stages to run; the others' results are of an earlier run. */
  selected: Set<string>
}

const FOLDER = 'azure-pipelines'

/** In Azure DevOps, build.yml is the pipeline inference-build; resources name it so. */
const nameOf = (file: string) => `inference-${basename(file, '.yml')}`

/**
 * Expands every pipeline of the repository for an event.
 * @throws PipelineError
 */
export function preparePipelines(
  options: Options,
  root: string,
  overrides: Record<string, string> = {},
): Prepared[] {
  const files = readdirSync(join(root, FOLDER)).filter((file) => file.endsWith('.yml'))
  const load = (file: string, trigger: Trigger) => {
    const name = nameOf(file)
    const variables = compileTimeVariables(name, trigger, root)
    // Parameters are for what the event or a person starts; other pipelines have their defaults.
    const parameters = name === (options.pipeline ?? nameOf('build.yml')) ? options.parameters : {}
    const pipeline = loadPipeline(join(root, FOLDER, file), { root, variables, overrides, parameters })
    checkTasks(pipeline)
    return { name, pipeline, trigger, selected: new Set<string>() }
  }
  const prepared = files.map((file) => {
    if (nameOf(file) === options.pipeline)
      return load(file, { ...triggerOf(options, undefined, root), reason: 'Manual' })
    const first = load(file, triggerOf(options, undefined, root))
    if (first.pipeline.triggers.push) return scheduled(first)
    return load(file, { ...triggerOf(options, undefined, root), reason: 'ResourceTrigger' })
  })
  select(prepared, options)
  return prepared

  /** Which schedule it is can be told only once the pipeline is read. */
  function scheduled(each: Prepared): Prepared {
    return { ...each, trigger: triggerOf(options, each.pipeline, root) }
  }
}

function select(prepared: Prepared[], { stages, from, pipeline: byHand }: Options): void {
  if (byHand !== undefined) {
    const chosen = prepared.find(({ name }) => name === byHand)
    const names = prepared.map(({ name }) => name).join(', ')
    if (!chosen) throw new UsageError(`there is no pipeline ${byHand}. There are: ${names}`)
    for (const { name } of chosen.pipeline.stages) chosen.selected.add(name)
    return
  }
  const known = prepared.flatMap(({ pipeline }) => pipeline.stages.map(({ name }) => name))
  const unknown = [...stages, ...(from === undefined ? [] : [from])].find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new UsageError(`there is no stage ${unknown}. There are: ${[...new Set(known)].join(', ')}`)
  for (const { pipeline, selected } of prepared) {
    const isHere = from !== undefined && pipeline.stages.some(({ name }) => name === from)
    // What comes after the chosen stage's pipeline runs as a whole; what comes before does not run at all.
    const isAll = stages.length === 0 && (from === undefined || (!isHere && pipeline.resources.length > 0))
    for (const stage of pipeline.stages) {
      const isAfter = isHere && (stage.name === from || stage.dependsOn.some((name) => selected.has(name)))
      if (isAll || stages.includes(stage.name) || isAfter) selected.add(stage.name)
    }
  }
}
