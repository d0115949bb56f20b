import type { Filter, PipelineResource, Triggers } from './pipeline.js'
import { Reader } from './reader.js'
import { isMap } from './values.js'

const NONE: Filter = { include: [], exclude: [] }

/** Reads `trigger`, `pr` and `schedules`. Without `trigger` every push starts the pipeline. */
export function readTriggers(root: Reader): Triggers {
  const push = branchTrigger(root, 'trigger')
  const pullRequest = branchTrigger(root, 'pr')
  const schedules = root.list('schedules').map(({ value, at }) => {
    const schedule = new Reader(value, 'a schedule', root.positions, at)
    const result = {
      cron: schedule.text('cron') ?? '',
      displayName: schedule.text('displayName') ?? '',
      branches: filter(schedule, 'branches'),
      always: schedule.boolean('always', false),
    }
    schedule.ignore('batch')
    schedule.done()
    if (result.cron.split(/\s+/).length !== 5) throw schedule.error('cron', 'cron needs five fields')
    return result
  })
  return { ...(push && { push }), ...(pullRequest && { pullRequest }), schedules }
}

/** `none`, a list of branches, or a mapping with branches and paths. */
function branchTrigger(root: Reader, key: string): { branches: Filter; paths: Filter } | undefined {
  const value = root.value(key)
  if (value === 'none') return undefined
  if (value === undefined || value === '') return { branches: NONE, paths: NONE }
  if (!isMap(value)) return { branches: { include: root.texts(key) ?? [], exclude: [] }, paths: NONE }
  const trigger = root.inner(key, `a ${key}`)
  trigger.ignore('batch', 'autoCancel', 'drafts')
  const result = { branches: filter(trigger, 'branches'), paths: filter(trigger, 'paths') }
  trigger.done()
  return result
}

function filter(parent: Reader, key: string): Filter {
  if (!parent.has(key)) return NONE
  const value = parent.value(key)
  if (value !== undefined && !isMap(value)) return { include: parent.texts(key) ?? [], exclude: [] }
  const reader = parent.inner(key, key)
  const result = { include: reader.texts('include') ?? [], exclude: reader.texts('exclude') ?? [] }
  reader.done()
  return result
}

/** Reads `resources.pipelines`; other resources are not known here. */
export function readResources(root: Reader): PipelineResource[] {
  const resources = root.inner('resources', 'resources')
  const result = resources.list('pipelines').map(({ value, at }) => {
    const entry = new Reader(value, 'a pipeline resource', resources.positions, at)
    const alias = entry.text('pipeline') ?? ''
    entry.ignore('project', 'branch', 'version')
    const tags = entry.texts('tags') ?? []
    const resource: PipelineResource = { alias, source: entry.text('source') ?? alias, tags, at: entry.at }
    const trigger = entry.value('trigger')
    if (trigger !== undefined && trigger !== 'none' && trigger !== 'false') {
      const reader = isMap(trigger) ? entry.inner('trigger', 'a trigger') : undefined
      const branches = reader ? filter(reader, 'branches') : NONE
      resource.trigger = { branches, tags: reader?.texts('tags') ?? [] }
      reader?.ignore('enabled')
      reader?.done()
    }
    entry.done()
    return resource
  })
  resources.done()
  return result
}

/** Whether a branch or path passes a filter. An empty one lets everything through; `*` stands for anything. */
export function passes({ include, exclude }: Filter, name: string): boolean {
  const matches = (pattern: string) => {
    const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')
    // A path filter names a folder with all that is in it.
    return new RegExp(`^(refs/heads/)?${escaped}(/.*)?$`).test(name)
  }
  return (include.length === 0 || include.some(matches)) && !exclude.some(matches)
}
