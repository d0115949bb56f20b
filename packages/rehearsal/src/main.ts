import { createInterface } from 'node:readline/promises'
import { isColoured, isLive, root } from './env.js'
import { PipelineError } from './expand/index.js'
import { help, parseOptions, UsageError } from './options.js'
import { mayRun, type Prepared, preparePipelines } from './pipelines.js'
import { play } from './play.js'
import { predict } from './predict.js'
import { exitCode, forget, type Rehearsal, rehearse, reportFolder } from './rehearse.js'
import { View } from './report/view.js'
import { newestModel, scenarios } from './scenarios.js'
import { list, plan } from './show.js'
import { type LocalCloud, LocalCloudError, startLocalCloud } from './surroundings.js'
import { tasks } from './tasks/index.js'

/** Environments whose deployments a person approves; in Azure DevOps that is set on the environment. */
const ASKS_FOR_APPROVAL = /prod/i
/** Within this time a second signal is an echo: npm passes on what the terminal already sent to the whole group. */
const ECHO_MS = 500

async function main(args: string[]): Promise<number> {
  const options = parseOptions(args)
  const names = options.scenario === 'all' ? Object.keys(scenarios) : options.scenario?.split(',')
  if (options.help) return print(help)
  if (options.scenario === 'list') return print(`${Object.keys(scenarios).join('\n')}\n`)
  const unknown = names?.find((name) => !scenarios[name])
  const known = `all, ${Object.keys(scenarios).join(', ')}`
  if (unknown) throw new UsageError(`there is no scenario ${unknown}. There are: ${known}`)
  // A mistake in the YAML should show before anything is started.
  const prepared = await preparePipelines(options, root)
  const shown = prepared.filter((each) => mayRun(each, prepared))
  const isOnlyShown = options.list || options['dry-run']
  for (const { name, why } of isOnlyShown ? prepared : [])
    if (why) console.error(`${name} is not started: ${why}`)
  if (options.list) return print(list(shown))
  if (options['dry-run']) return print(plan(shown))

  const view = new View({ isLive, isColoured, reportFolder })
  const { signal, hardSignal } = interrupts(view)
  const base = { options, view, edits: [], signal, hardSignal, approve: approver(options.approve, view) }
  if (!options.stage && !options.from && !options.pipeline) await forget()
  let cloud: LocalCloud | undefined
  const withCloud = async (): Promise<Rehearsal> => {
    cloud ??= await startLocalCloud((text) => view.say(text), signal)
    return { ...base, cloud }
  }
  try {
    if (names) return await playAll(names, base, withCloud)
    const rehearsal = shown.some(usesConnection) ? await withCloud() : base
    if (options.event === 'model') await cloud?.publish(newestModel)
    const runs = await rehearse(rehearsal)
    for (const line of await predict(runs)) view.say(line)
    view.say(`\nThe report: ${reportFolder}/index.html`)
    return exitCode(runs, signal.aborted)
  } finally {
    view.pause()
    if (cloud) view.say('Ending what was started')
    await cloud?.close()
  }
}

function usesConnection({ pipeline, selected }: Prepared): boolean {
  const jobs = pipeline.stages.filter(({ name }) => selected.has(name)).flatMap((stage) => stage.jobs)
  return jobs.flatMap(({ steps }) => steps).some(({ task }) => tasks[task]?.connection !== undefined)
}

async function playAll(
  names: string[],
  base: Rehearsal,
  withCloud: () => Promise<Rehearsal>,
): Promise<number> {
  const outcomes: string[] = []
  let isGood = true
  for (const name of names) {
    if (base.signal.aborted) return 130
    base.view.say(`\n=== ${name}`)
    const rehearsal = scenarios[name]?.signsIn ? await withCloud() : base
    const began = Date.now()
    const wrong = await play(name, rehearsal)
    isGood &&= wrong.length === 0
    const seconds = ((Date.now() - began) / 1000).toFixed(0)
    outcomes.push(`${wrong.length === 0 ? 'as expected' : 'NOT AS EXPECTED'}: ${name} (${seconds} s)`)
    outcomes.push(...wrong.map((each) => `  ${each}`))
  }
  base.view.say(`\n${outcomes.join('\n')}`)
  return base.signal.aborted ? 130 : isGood ? 0 : 1
}

/** The first Ctrl-C cancels the run, whose clean-up still runs; the second ends that too. */
function interrupts(view: View): { signal: AbortSignal; hardSignal: AbortSignal } {
  const [soft, hard] = [new AbortController(), new AbortController()]
  let asked = 0
  const cancel = () => {
    if (soft.signal.aborted) {
      if (performance.now() - asked > ECHO_MS) hard.abort()
      return
    }
    asked = performance.now()
    soft.abort(new Error('canceled'))
    view.say('Canceled; what has to run all the same still runs. Once more ends it at once.')
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, cancel)
  // Nobody reads any more, such as `| head`: what was started has to be ended all the same.
  process.stdout.once('error', cancel)
  return { signal: soft.signal, hardSignal: hard.signal }
}

function approver(isGiven: boolean, view: View): Rehearsal['approve'] {
  return async (environment) => {
    if (isGiven || !ASKS_FOR_APPROVAL.test(environment)) return true
    if (!process.stdin.isTTY) {
      view.say(`${environment} asks for approval, and nobody is here to give it: --approve does.`)
      return false
    }
    view.pause()
    const terminal = createInterface({ input: process.stdin, output: process.stdout })
    const answer = await terminal.question(`Deploy to ${environment}? [y/N] `)
    terminal.close()
    view.resume()
    return /^y(es)?$/i.test(answer.trim())
  }
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

// Without somebody who listens an error here would end the process, and leave a cluster behind.
process.stdout.on('error', () => {})
process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  const isMistake = error instanceof PipelineError || error instanceof UsageError
  const isKnown = isMistake || error instanceof LocalCloudError
  console.error(`error: ${isKnown ? error.message : (error as Error).stack}`)
  if (error instanceof UsageError) console.error('next: see npm run rehearse -- --help')
  return isMistake ? 2 : 1
})
// What is left, such as an open terminal, is of no use any more.
process.exit()
