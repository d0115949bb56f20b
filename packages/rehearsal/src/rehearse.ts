import { mkdir, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { agentEnvironment, npmCache, root, stateFolder } from './env.js'
import type { Pipeline } from './expand/index.js'
import { type Options, UsageError } from './options.js'
import { type Prepared, preparePipelines, startsAfter } from './pipelines.js'
import type { View } from './report/view.js'
import { writeReport } from './report/write.js'
import type { Surroundings } from './run/context.js'
import { History, hasTags } from './run/history.js'
import { isGood, type RunRecord } from './run/record.js'
import { runPipeline } from './run/run-pipeline.js'
import type { LocalCloud } from './surroundings.js'
import { copyRepository, type Edit } from './tasks/checkout.js'

export interface Rehearsal extends Pick<Surroundings, 'signal' | 'hardSignal' | 'approve'> {
  options: Options
  view: View
  /** undefined: nothing of it is needed. */
  cloud?: LocalCloud
  edits: Edit[]
}

export const folder = join(stateFolder, 'rehearsal')
export const reportFolder = join(folder, 'report')

/** Forgets earlier rehearsals. */
export async function forget(): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}

/**
 * Plays one event: the pipelines that it starts, and those that start after them. Writes the report.
 * @returns the runs, in their order
 * @throws PipelineError
 */
export async function rehearse(rehearsal: Rehearsal): Promise<RunRecord[]> {
  const { options, view, cloud, ...others } = rehearsal
  const sources = join(folder, 'sources')
  for (const old of [reportFolder, sources]) await rm(old, { recursive: true, force: true, maxRetries: 3 })
  await mkdir(join(reportFolder, 'logs'), { recursive: true })
  const history = new History(folder)
  const overrides = { npm_config_cache: npmCache(), ...cloud?.overrides }
  const prepared = await preparePipelines(options, root, overrides)
  await copyRepository(root, sources, 'HEAD')
  const surroundings: Surroundings = {
    ...{ ...others, root, sources, folder, reportFolder, cloud: cloud?.cloud ?? {} },
    env: {
      ...agentEnvironment(),
      // Where the tests' results of this checkout are, so that what did not change is not tested again.
      TURBO_CACHE_DIR: join(root, '.turbo/cache'),
      REHEARSAL_INSTALLED: join(folder, 'installed'),
      ...cloud?.env,
    },
    width: availableParallelism(),
    changed: (line) => view.changed(line),
  }
  const runs: RunRecord[] = []
  const run = async (each: Prepared, resources: Record<string, RunRecord>) => {
    const begin = (record: RunRecord) => {
      runs.push(record)
      cloud?.builds.push(record.number)
      view.begin(record)
    }
    const record = await runPipeline({ ...each, resources }, surroundings, history, begin)
    if (isGood(record.result)) await runAfter(record)
  }
  const runAfter = async (record: RunRecord) => {
    for (const each of prepared.filter(({ selected }) => selected.size > 0)) {
      const alias = startsAfter(record, each.pipeline)
      if (alias !== undefined) await run(each, { [alias]: record })
    }
  }
  try {
    for (const each of prepared) {
      if (each.name === options.pipeline) await run(each, chosen(each.pipeline, options, history))
      if (options.pipeline !== undefined || each.trigger.reason === 'ResourceTrigger') continue
      if (each.why) view.say(`${each.name} is not started: ${each.why}`)
      else if (each.selected.size > 0) await run(each, {})
      // What is chosen comes after this pipeline, whose last run stands for it.
      else await runAfter(history.last(each.name) ?? missing(each.name))
    }
  } finally {
    view.pause()
    await writeReport(runs, reportFolder)
  }
  return runs
}

/** The runs that a person would choose in Azure DevOps. */
function chosen({ resources }: Pipeline, { build }: Options, history: History): Record<string, RunRecord> {
  const found = resources.map(({ pipeline, source, tags }) => {
    const fits = (run: RunRecord) => hasTags(run, tags) && (build === undefined || run.number === build)
    return [pipeline, history.last(source, fits) ?? missing(`${source} ${build ?? ''}`)]
  })
  return Object.fromEntries(found)
}

function missing(run: string): never {
  throw new UsageError(`there is no good run of ${run.trim()} to go on from: npm run rehearse makes one`)
}

/** The exit code of `npm run rehearse`. */
export function exitCode(runs: RunRecord[], isCanceled: boolean): number {
  if (isCanceled) return 130
  return runs.every(({ result }) => isGood(result) || result === 'Skipped') ? 0 : 1
}
