import { relative } from 'node:path'
import type { z } from 'zod'
import { PipelineError, type Position } from './errors.js'
import { type ExpandOptions, expand } from './expand.js'
import { place, placeOf } from './places.js'
import { flag, ignored, list, node, read, record, text, texts } from './read.js'
import { resources, triggers } from './triggers.js'
import { isMap, type ValueMap } from './values.js'

/** The short forms of steps, and the inputs that stand beside them. */
const SHORT_FORMS: Record<string, string[]> = {
  script: ['workingDirectory'],
  bash: ['workingDirectory'],
  checkout: ['clean', 'fetchDepth', 'persistCredentials'],
  publish: ['artifact'],
  download: ['artifact'],
}

const name = text.refine((value) => /^[A-Za-z_]\w*$/.test(value), 'must be letters, digits and _ only')
const filled = (value: string | undefined) => value || undefined

const step = node(
  `a step that begins with task, ${Object.keys(SHORT_FORMS).join(', ')}`,
  {
    /** `AzureCLI@2`, or one of the short forms. */
    task: text,
    inputs: record.default({}),
    name: name.optional(),
    displayName: text.default(''),
    condition: text.optional().transform(filled),
    continueOnError: flag.default(false),
    enabled: flag.default(true),
    env: record.default({}),
    // As written, since they may hold a macro.
    timeoutInMinutes: text.default('0'),
    retryCountOnTaskFailure: text.default('0'),
  },
  asTask,
).transform((each) => ({ ...each, displayName: each.displayName || defaultName(each) }))
export type Step = z.output<typeof step>

/** Expansion made a list of every form. */
const variables = list(node('a variable', { name: text, value: text.default('') })).default([])
/** Its value may hold $(macros), or be one $[expression]. */
export type Variable = z.output<typeof variables>[number]

const steps = list(step)
const graphNode = {
  displayName: text.default(''),
  dependsOn: texts.optional(),
  condition: text.optional().transform(filled),
  variables,
  pool: ignored,
}
const deploy = node('deploy', { steps, pool: ignored })
const strategy = node('a strategy', { runOnce: node('runOnce', { deploy }) })

const job = node('a job', {
  ...{ job: name.optional(), deployment: name.optional(), ...graphNode },
  ...{ steps: steps.optional(), environment: text.optional(), strategy: strategy.optional() },
  ...{ continueOnError: flag.default(false), timeoutInMinutes: text.default('60') },
  ...{ workspace: ignored, cancelTimeoutInMinutes: ignored },
})
  .refine((each) => !each.job !== !each.deployment, 'begin each with job: and its name, or deployment:')
  .refine(
    (each) => !each.job === !each.steps,
    'need steps, and a deployment strategy: runOnce: deploy: steps',
  )
  .refine((each) => !each.deployment === !each.strategy, 'have a strategy when they are a deployment')
  .refine((each) => !each.deployment === !each.environment, 'have an environment when they are a deployment')
  .transform(({ job: plain, deployment, strategy: once, ...rest }) => ({
    ...rest,
    name: deployment ?? plain ?? '',
    displayName: rest.displayName || (deployment ?? plain ?? ''),
    dependsOn: rest.dependsOn ?? [],
    steps: once?.runOnce.deploy.steps ?? withCheckout(rest.steps ?? [], rest.at),
  }))
export type Job = z.output<typeof job>

const stage = node('a stage', {
  stage: name,
  ...graphNode,
  lockBehavior: ignored,
  jobs: list(job),
}).transform(({ stage: own, ...rest }) => ({ ...rest, name: own, displayName: rest.displayName || own }))
export type Stage = Omit<z.output<typeof stage>, 'dependsOn'> & { dependsOn: string[] }

const pipeline = node('a pipeline', {
  /** The format of the run's number. */
  name: text.default('$(Date:yyyyMMdd).$(Rev:r)'),
  ...triggers,
  resources: resources.transform(({ pipelines }) => pipelines).default([]),
  variables,
  stages: list(stage),
  ...{ pool: ignored, lockBehavior: ignored, appendCommitMessageToRunName: ignored },
})

/** A pipeline as it is after expansion: every key known, every default filled in. */
export interface Pipeline extends Omit<z.output<typeof pipeline>, 'stages'> {
  file: string
  stages: Stage[]
  /** The expanded YAML. */
  content: ValueMap
  /** Every YAML file it is made of. */
  files: string[]
}

/**
 * Reads and expands a pipeline.
 * @throws PipelineError for whatever is wrong with it, or not known here, naming file and line
 */
export function loadPipeline(path: string, options: ExpandOptions): Pipeline {
  const { content, files } = expand(path, options)
  const file = relative(options.root, path)
  const at = { file, line: 1, column: 1 }
  const found = read(pipeline, withStages(content, at), at)
  // A stage comes after the one before it.
  const stages = found.stages.map((each, index, all) => {
    const before = all.slice(Math.max(index - 1, 0), index).map((previous) => previous.name)
    return { ...each, dependsOn: each.dependsOn ?? before }
  })
  checkGraph(stages, 'stage')
  for (const { jobs } of stages) checkGraph(jobs, 'job')
  return { ...found, file, stages, content, files }
}

/** A pipeline may leave out stages, and jobs too. */
function withStages(content: ValueMap, at: Position): ValueMap {
  const { jobs, steps: only, ...rest } = content
  if ('stages' in content || (jobs && only) || !(jobs ?? only)) return content
  const all = jobs ?? [place({ job: 'Job', steps: only ?? [] }, placeOf(only, at))]
  return place({ ...rest, stages: [place({ stage: '__default', jobs: all }, placeOf(all, at))] }, at)
}

/** Plain jobs check out the repository without being told. */
function withCheckout(given: Step[], at: Position): Step[] {
  const isTold = given.some(({ task }) => task === 'checkout')
  return isTold ? given : [{ ...step.parse({ checkout: 'self' }), at }, ...given]
}

function defaultName({ task, inputs }: { task: string; inputs: Record<string, string> }): string {
  const [firstLine] = (inputs.script ?? inputs.bash ?? '').trim().split('\n')
  const [first = '', ...rest] = [task, inputs.artifact].filter(Boolean).join(' ')
  return firstLine?.slice(0, 60) || `${first.toUpperCase()}${rest.join('')}`
}

/** `script: x` as `task: script` with the input `script`. */
function asTask(value: unknown): unknown {
  if (!isMap(value)) return value
  const isLong = 'task' in value || 'inputs' in value
  const task = isLong ? '' : (Object.keys(SHORT_FORMS).find((key) => key in value) ?? '')
  const own = [task, ...(SHORT_FORMS[task] ?? [])]
  const entries = Object.entries(value)
  const inputs = Object.fromEntries(entries.filter(([key]) => own.includes(key)))
  const rest = Object.fromEntries(entries.filter(([key]) => !own.includes(key)))
  return task === '' ? value : { ...rest, task, inputs }
}

/** @throws PipelineError for a name that is there twice, an unknown dependency or a circle */
function checkGraph(nodes: (Stage | Job)[], what: string): void {
  const byName = new Map<string, Stage | Job>()
  for (const each of nodes) {
    if (byName.has(each.name)) throw new PipelineError(`there are two ${what}s named ${each.name}`, each.at)
    byName.set(each.name, each)
  }
  const visit = (each: Stage | Job, path: string[]) => {
    const way = [...path, each.name]
    if (path.includes(each.name))
      throw new PipelineError(`${what}s depend on each other in a circle: ${way.join(' -> ')}`, each.at)
    for (const before of each.dependsOn) {
      const known = [...byName.keys()].join(', ')
      const wrong = `${what} ${each.name} depends on ${before}, which is not there. There are: ${known}`
      if (!byName.has(before)) throw new PipelineError(wrong, each.at)
      visit(byName.get(before) as Stage | Job, way)
    }
  }
  for (const each of nodes) visit(each, [])
}
