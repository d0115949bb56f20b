import { mkdir, readdir, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { agentEnvironment, npmCache, root, stateFolder } from './env.js'
import { startsAfter, whyNot } from './events.js'
import type { Pipeline } from './expand/index.js'
import { type Options, UsageError } from './options.js'
import { preparePipelines } from './pipelines.js'
import type { View } from './report/view.js'
import { writeReport } from './report/write.js'
import type { Surroundings } from './run/context.js'
import { History } from './run/history.js'
import { isGood, type RunRecord } from './run/record.js'
import { runPipeline } from './run/run-pipeline.js'
import type { LocalCloud } from './surroundings.js'
import { copyRepository, type Edit } from './tasks/checkout.js'

export interface Rehearsal {
  options: Options
  view: View
  /** undefined: nothing of it is needed. */
  cloud?: LocalCloud
  edits: Edit[]
  signal: AbortSignal
  hardSignal: AbortSignal
  approve(environment: string): Promise<boolean>
}

export const folder = join(stateFolder, 'rehearsal')
export const reportFolder = join(folder, 'report')

/** Forgets earlier rehearsals, but not what the Cache task keeps. */
export async function forget(): Promise<void> {
  for (const entry of await readdir(folder).catch(() => [])) {
    if (entry !== 'cache') await rm(join(folder, entry), { recursive: true, force: true, maxRetries: 3 })
  }
}

/**
 * Plays one event: the pipelines that it starts, and those that start after them. Writes the report.
 * @returns the runs, in their order
 * @throws PipelineError
 */
export async function rehearse(rehearsal: Rehearsal): Promise<RunRecord[]> {
  const { options, view, cloud, edits, signal, hardSignal, approve } = rehearsal
  await rm(reportFolder, { recursive: true, force: true })
  await mkdir(join(reportFolder, 'logs'), { recursive: true })
  const history = new History(folder)
  const prepared = preparePipelines(options, root, { npm_config_cache: npmCache, ...cloud?.overrides })
  const sources = join(folder, 'sources')
  await rm(sources, { recursive: true, force: true })
  await copyRepository(root, sources, prepared[0]?.trigger.commit ?? 'HEAD')
  const surroundings: Surroundings = {
    ...{ root, sources, folder, reportFolder, edits, signal, hardSignal, approve },
    env: {
      ...agentEnvironment(),
      // Where the tests' results of this checkout are, so that what did not change is not tested again.
      TURBO_CACHE_DIR: options.fresh ? join(folder, 'turbo') : join(root, '.turbo/cache'),
      REHEARSAL_INSTALLED: join(folder, 'installed'),
      ...cloud?.env,
    },
    cloud: cloud?.cloud ?? {},
    width: availableParallelism(),
    changed: (line) => view.changed(line),
  }
  const runs: RunRecord[] = []
  const write = () => writeReport(runs, reportFolder)
  const run = async (
    each: (typeof prepared)[number],
    resources: Record<string, RunRecord>,
  ): Promise<void> => {
    const request = { ...each, resources, isSelected: (stage: string) => each.selected.has(stage) }
    const record = await runPipeline(request, surroundings, history, (begun) => {
      runs.push(begun)
      cloud?.builds.push(begun.number)
      view.begin(begun)
    })
    if (isGood(record.result)) await runNext(record)
  }
  const runNext = async (record: RunRecord) => {
    for (const each of prepared) {
      const alias = startsAfter(record, each.pipeline)
      if (alias !== undefined && each.selected.size > 0) await run(each, { [alias]: record })
    }
  }
  try {
    for (const each of prepared) {
      if (each.name === options.pipeline) await run(each, resourcesOf(each.pipeline))
      if (options.pipeline !== undefined || each.trigger.reason === 'ResourceTrigger') continue
      const reason = whyNot(each.pipeline, options)
      if (reason !== undefined) view.say(`${each.name} is not started: ${reason}`)
      else if (each.selected.size > 0) await run(each, {})
      else await continueFrom(each.name)
    }
  } finally {
    view.pause()
    await write()
  }
  return runs

  /** The runs that a person would choose in Azure DevOps. */
  function resourcesOf({ resources }: Pipeline): Record<string, RunRecord> {
    const found = resources.map(({ alias, source, tags }) => {
      const record =
        options.build === undefined ? history.last(source, tags) : history.find(source, options.build)
      if (!record) throw new UsageError(`there is no good run ${options.build ?? ''} of ${source} to choose`)
      return [alias, record] as const
    })
    return Object.fromEntries(found)
  }

  /** What is chosen comes after this pipeline, whose last run stands for it. */
  async function continueFrom(name: string): Promise<void> {
    const last = history.last(name)
    if (!last)
      throw new UsageError(`there is no good run of ${name} to go on from: npm run rehearse makes one`)
    await runNext(last)
  }
}

/** The exit code of `npm run rehearse`. */
export function exitCode(runs: RunRecord[], isCanceled: boolean): number {
  if (isCanceled) return 130
  return runs.every(({ result }) => isGood(result) || result === 'Skipped') ? 0 : 1
}
