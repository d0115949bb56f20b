import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Options } from './options.js'
import { predict } from './predict.js'
import { exitCode, folder, type Rehearsal, rehearse } from './rehearse.js'
import { History } from './run/history.js'
import type { RunRecord } from './run/record.js'
import { BUILD, type Scenario, scenarios } from './scenarios.js'

const LAST_STAGE = 'Image'

/**
 * Plays a scenario and compares what happened with what should.
 * @returns what is not as it should be
 */
export async function play(name: string, rehearsal: Rehearsal): Promise<string[]> {
  const scenario = scenarios[name] as Scenario
  const bundles = join(folder, 'bundles')
  await mkdir(bundles, { recursive: true })
  if (scenario.model) await rehearsal.cloud?.publish(await scenario.model(bundles))
  const options: Options = { ...rehearsal.options, event: scenario.event }
  if (scenario.schedule !== undefined) options.schedule = scenario.schedule
  // After a good build what comes before need not run again.
  const isBuilt = new History(folder).lastGoodStage(BUILD, LAST_STAGE) !== undefined
  if (isBuilt) {
    delete options.from
    if (scenario.from !== undefined) options.from = scenario.from
  }
  const runs = await rehearse({ ...rehearsal, options, edits: scenario.edits, approve: async () => true })
  if (scenario.expected.exitCode === 0) for (const line of await predict(runs)) rehearsal.view.say(line)
  return differences(scenario, runs, exitCode(runs, rehearsal.signal.aborted))
}

/** How the runs differ from what the scenario expects. */
export function differences({ expected }: Scenario, runs: RunRecord[], code: number): string[] {
  const uses = runs.some((run) => run.serviceConnections.length > 0)
  const found = [
    ['exit code', expected.exitCode, code],
    [
      'runs',
      JSON.stringify(expected.results),
      JSON.stringify(Object.fromEntries(runs.map((run) => [run.name, run.result]))),
    ],
    ['the step that fails', expected.stopsAt, firstFailure(runs)],
    ['service connections are used', expected.usesConnections ?? uses, uses],
  ] as const
  return found
    .filter(([, wanted, got]) => wanted !== got)
    .map(([what, wanted, got]) => `${what}: expected ${wanted ?? 'none'}, found ${got ?? 'none'}`)
}

function firstFailure(runs: RunRecord[]): string | undefined {
  for (const run of runs) {
    for (const stage of run.stages) {
      for (const job of stage.jobs) {
        const step = job.steps.find(({ result }) => result === 'Failed')
        if (step) return `${run.name}/${stage.name}/${job.name}/${step.displayName}`
      }
    }
  }
  return undefined
}
