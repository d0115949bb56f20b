import { PipelineError, type Position } from './errors.js'
import { type Expanded, type ExpandOptions, expand } from './expand.js'
import type { Hook, Job, Pipeline, Stage, Variable } from './pipeline.js'
import { Reader } from './reader.js'
import { readStep } from './steps.js'
import { readResources, readTriggers } from './triggers.js'
import { isMap, toText, type Value } from './values.js'

/**
 * Reads and expands a pipeline.
 * @throws PipelineError for whatever is wrong with it, or not known here, naming file and line
 */
export function loadPipeline(path: string, options: ExpandOptions): Pipeline {
  return readPipeline(expand(path, options))
}

function readPipeline({ content, positions, at, files }: Expanded): Pipeline {
  const root = new Reader(content, 'a pipeline', positions, at)
  root.ignore('pool', 'lockBehavior', 'appendCommitMessageToRunName')
  const pipeline: Pipeline = {
    file: at.file,
    name: root.text('name') ?? '$(Date:yyyyMMdd).$(Rev:r)',
    triggers: readTriggers(root),
    resources: readResources(root),
    variables: readVariables(root),
    stages: readStages(root),
    files,
    at,
  }
  root.done()
  checkGraph(pipeline.stages, 'stage')
  for (const stage of pipeline.stages) checkGraph(stage.jobs, 'job')
  return pipeline
}

/** A pipeline may leave out stages, and jobs too. */
function readStages(root: Reader): Stage[] {
  if (root.has('stages')) {
    const stages: Stage[] = []
    for (const { value, at } of root.list('stages')) stages.push(readStage(value, root, at, stages.at(-1)))
    return stages
  }
  const jobs = root.has('jobs')
    ? root.list('jobs').map((each) => readJob(each.value, root, each.at))
    : undefined
  const only = {
    name: '__default',
    displayName: '',
    dependsOn: [],
    variables: [],
    at: root.at,
    conditionAt: root.at,
  }
  if (jobs) return [{ ...only, jobs }]
  if (!root.has('steps')) throw new PipelineError('a pipeline needs stages, jobs or steps', root.at)
  const hooks: Hook[] = [{ name: 'steps', steps: readSteps(root) }]
  const job = {
    ...only,
    name: 'Job',
    displayName: 'Job',
    continueOnError: false,
    timeoutInMinutes: '60',
    hooks,
  }
  return [{ ...only, jobs: [job] }]
}

function readStage(value: Value, root: Reader, at: Position, previous: Stage | undefined): Stage {
  const stage = new Reader(value, 'a stage', root.positions, at)
  stage.ignore('pool', 'lockBehavior', 'trigger', 'isSkippable')
  const name = stage.text('stage') || `Stage${at.line}`
  const result = {
    ...readNode(stage, name, previous ? [previous.name] : []),
    jobs: stage.list('jobs').map((each) => readJob(each.value, stage, each.at)),
  }
  stage.done()
  return result
}

function readNode(reader: Reader, name: string, dependsOn: string[]) {
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw new PipelineError(`${name} is no name: letters, digits and _ only, no digit first`, reader.at)
  }
  const condition = reader.text('condition')
  return {
    name,
    displayName: reader.text('displayName') || name,
    dependsOn: reader.texts('dependsOn') ?? dependsOn,
    ...(condition !== undefined && condition !== '' && { condition }),
    conditionAt: reader.atKey('condition'),
    variables: readVariables(reader),
    at: reader.at,
  }
}

function readJob(value: Value, parent: Reader, at: Position): Job {
  const job = new Reader(value, 'a job', parent.positions, at)
  job.ignore('pool', 'workspace', 'cancelTimeoutInMinutes', 'templateContext')
  const isDeployment = job.has('deployment')
  const name = job.text(isDeployment ? 'deployment' : 'job') || `Job${at.line}`
  const base = {
    ...readNode(job, name, []),
    continueOnError: job.boolean('continueOnError', false),
    timeoutInMinutes: job.text('timeoutInMinutes') ?? '60',
  }
  const result = isDeployment
    ? { ...base, environment: readEnvironment(job), hooks: readHooks(job) }
    : { ...base, hooks: [{ name: 'steps' as const, steps: readSteps(job) }] }
  job.done()
  return result
}

function readEnvironment(job: Reader): { name: string; resource?: string } {
  const value = job.value('environment') ?? ''
  const reader = isMap(value) ? job.inner('environment', 'an environment') : undefined
  const [name = '', resource = reader?.text('resourceName')] = (
    reader?.text('name') ??
    toText(value) ??
    ''
  ).split('.')
  reader?.ignore('resourceType', 'tags')
  reader?.done()
  if (name === '') throw job.error('environment', 'a deployment job needs an environment')
  return { name, ...(resource !== undefined && { resource }) }
}

function readHooks(job: Reader): Hook[] {
  const strategy = job.inner('strategy', 'a strategy')
  const runOnce = strategy.inner('runOnce', 'runOnce')
  strategy.done()
  const on = runOnce.inner('on', 'on')
  const hooks: Hook[] = []
  for (const name of [
    'preDeploy',
    'deploy',
    'routeTraffic',
    'postRouteTraffic',
    'failure',
    'success',
  ] as const) {
    const parent = name === 'failure' || name === 'success' ? on : runOnce
    if (!parent.has(name)) continue
    const hook = parent.inner(name, name)
    hook.ignore('pool')
    hooks.push({ name, steps: readSteps(hook) })
    hook.done()
  }
  on.done()
  runOnce.done()
  if (hooks.length === 0)
    throw job.error('strategy', 'a deployment job needs strategy: runOnce with its steps')
  return hooks
}

function readSteps(reader: Reader) {
  return reader
    .list('steps')
    .map(({ value, at }) => readStep(new Reader(value, 'a step', reader.positions, at)))
}

/** Expansion made a list of {name, value, readonly} of every form. */
function readVariables(reader: Reader): Variable[] {
  return reader.list('variables').map(({ value, at }) => {
    const variable = new Reader(value, 'a variable', reader.positions, at)
    return {
      name: variable.text('name') ?? '',
      value: variable.text('value') ?? '',
      readonly: variable.boolean('readonly', false),
      at: variable.at,
    }
  })
}

/** @throws PipelineError for a name that is there twice, an unknown dependency or a circle */
function checkGraph(nodes: (Stage | Job)[], what: string): void {
  const byName = new Map<string, Stage | Job>()
  for (const node of nodes) {
    if (byName.has(node.name)) throw new PipelineError(`there are two ${what}s named ${node.name}`, node.at)
    byName.set(node.name, node)
  }
  const known = [...byName.keys()].join(', ')
  for (const node of nodes) {
    const unknown = node.dependsOn.find((name) => !byName.has(name))
    if (unknown === undefined) continue
    throw new PipelineError(
      `${what} ${node.name} depends on ${unknown}, which is not there. There are: ${known}`,
      node.at,
    )
  }
  const visit = (node: Stage | Job, path: string[]) => {
    if (path.includes(node.name)) {
      throw new PipelineError(
        `${what}s depend on each other in a circle: ${[...path, node.name].join(' -> ')}`,
        node.at,
      )
    }
    for (const name of node.dependsOn) visit(byName.get(name) as Stage | Job, [...path, node.name])
  }
  for (const node of nodes) visit(node, [])
}
