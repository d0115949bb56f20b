import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { predict } from './predict.js'
import { exitCode, folder, type Rehearsal, rehearse } from './rehearse.js'
import { History } from './run/history.js'
import { type RunRecord, stepsOf } from './run/record.js'
import { BUILD, type Scenario, scenarios } from './scenarios.js'

const LAST_STAGE = 'Image'

/**
 * Plays a scenario and compares what happened with what should.
 * @returns what is not as it should be
 */
export async function play(name: string, rehearsal: Rehearsal): Promise<string[]> {
  const scenario = scenarios[name] as Scenario
  const { event = 'push', schedule, edit, from, model } = scenario
  const bundles = join(folder, 'bundles')
  await mkdir(bundles, { recursive: true })
  if (model) await rehearsal.cloud?.publish(await model(bundles))
  // After a good build what comes before need not run again.
  const isBuilt = new History(folder).lastGoodStage(BUILD, LAST_STAGE) !== undefined
  const { from: given, ...others } = rehearsal.options
  const start = isBuilt ? from : given
  const options = { ...others, event, ...(schedule && { schedule }), ...(start && { from: start }) }
  const runs = await rehearse({ ...rehearsal, options, edits: edit ? [edit] : [], approve: async () => true })
  const code = exitCode(runs, rehearsal.signal.aborted)
  if (code === 0) for (const line of await predict(runs)) rehearsal.view.say(line)
  return differences(scenario, runs, code)
}

/** How the runs differ from what the scenario expects. */
export function differences(
  { stopsAt, results, signsIn }: Scenario,
  runs: RunRecord[],
  code: number,
): string[] {
  const found = runs.map((run) => [run.name, run.result])
  const compared: [string, unknown, unknown][] = [
    ['exit code', stopsAt ? 1 : 0, code],
    ['runs', JSON.stringify(results), JSON.stringify(Object.fromEntries(found))],
    ['the step that fails', stopsAt, firstFailure(runs)],
  ]
  const uses = runs.some((run) => run.serviceConnections.length > 0)
  if (!signsIn) compared.push(['service connections are used', false, uses])
  return compared
    .filter(([, wanted, got]) => wanted !== got)
    .map(([what, wanted, got]) => `${what}: expected ${wanted ?? 'none'}, found ${got ?? 'none'}`)
}

function firstFailure(runs: RunRecord[]): string | undefined {
  for (const run of runs) {
    const found = stepsOf(run).find(({ step }) => step.result === 'Failed')
    if (found) return [run.name, found.stage.name, found.job.name, found.step.displayName].join('/')
  }
  return undefined
}
