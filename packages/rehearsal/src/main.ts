import { createInterface } from 'node:readline/promises'
import { isColoured, isLive, root } from './env.js'
import { PipelineError, type Stage } from './expand/index.js'
import { passes } from './expand/triggers.js'
import { help, type Options, parseOptions, UsageError } from './options.js'
import { type Prepared, preparePipelines } from './pipelines.js'
import { play } from './play.js'
import { predict } from './predict.js'
import { exitCode, forget, type Rehearsal, rehearse, reportFolder } from './rehearse.js'
import { createView, type View } from './report/view.js'
import { scenarios } from './scenarios.js'
import { list, plan } from './show.js'
import { type LocalCloud, LocalCloudError, startLocalCloud } from './surroundings.js'
import { tasks } from './tasks/index.js'

/** Environments whose deployments a person approves; in Azure DevOps that is set on the environment. */
const ASKS_FOR_APPROVAL = /prod/i
/** Within this time a second signal is an echo: npm passes on what the terminal already sent to the whole group. */
const ECHO_MS = 500

async function main(args: string[]): Promise<number> {
  const options = parseOptions(args)
  if (options.help) return print(help)
  if (options.scenario === 'list') return print(`${Object.keys(scenarios).join('\n')}\n`)
  // A mistake in the YAML should show before anything is started.
  const prepared = preparePipelines(options, root)
  const shown = prepared.filter((each) => each.selected.size > 0 && mayRun(each, prepared))
  if (options.list) return print(list(shown))
  if (options.dryRun) return print(plan(shown))
  const names = options.scenario === 'all' ? Object.keys(scenarios) : options.scenario?.split(',')
  const unknown = names?.find((name) => !scenarios[name])
  if (unknown !== undefined) {
    throw new UsageError(
      `there is no scenario ${unknown}. There are: all, ${Object.keys(scenarios).join(', ')}`,
    )
  }
  const view = createView({ isLive, isColoured, reportFolder })
  const { signal, hardSignal } = interrupts(view)
  const base = { options, view, edits: [], signal, hardSignal, approve: approver(options, view) }
  const needsCloud = shown.some(({ pipeline, selected }) =>
    pipeline.stages.some((stage) => selected.has(stage.name) && usesConnection(stage)),
  )
  const isPartial = options.stages.length > 0 || options.from !== undefined || options.pipeline !== undefined
  if (!isPartial) await forget()
  const cloud = new Cloud(view, signal)
  try {
    if (names) return await playAll(names, base, cloud)
    const rehearsal: Rehearsal = needsCloud ? { ...base, cloud: await cloud.open() } : base
    if (options.event === 'model')
      await rehearsal.cloud?.publish((await scenarios['new-model']?.model?.('')) ?? '')
    const runs = await rehearse(rehearsal)
    for (const line of await predict(runs)) view.say(line)
    view.say(`\nThe report: ${reportFolder}/index.html`)
    return exitCode(runs, signal.aborted)
  } finally {
    view.pause()
    await cloud.close()
  }
}

function usesConnection({ jobs }: Stage): boolean {
  const steps = jobs.flatMap(({ hooks }) => hooks).flatMap((hook) => hook.steps)
  return steps.some(({ task }) => tasks[task]?.connection !== undefined)
}

/** Started by the event, or by a pipeline that is. */
function mayRun({ pipeline, trigger }: Prepared, prepared: Prepared[]): boolean {
  if (trigger.reason !== 'ResourceTrigger') return true
  return prepared.some((source) =>
    pipeline.resources.some(
      (each) =>
        each.source === source.name && each.trigger && passes(each.trigger.branches, source.trigger.branch),
    ),
  )
}

async function playAll(names: string[], base: Rehearsal, cloud: Cloud): Promise<number> {
  const outcomes: string[] = []
  let isGood = true
  for (const name of names) {
    if (base.signal.aborted) break
    base.view.say(`\n=== ${name}`)
    const rehearsal = scenarios[name]?.needsCloud ? { ...base, cloud: await cloud.open() } : base
    const began = Date.now()
    const wrong = await play(name, rehearsal)
    isGood &&= wrong.length === 0
    const seconds = ((Date.now() - began) / 1000).toFixed(0)
    outcomes.push(
      `${wrong.length === 0 ? 'as expected' : 'NOT AS EXPECTED'}: ${name} (${seconds} s)`,
      ...wrong.map((each) => `  ${each}`),
    )
  }
  base.view.say(`\n${outcomes.join('\n')}`)
  return base.signal.aborted ? 130 : isGood ? 0 : 1
}

/** Started when it is needed first, ended once. */
class Cloud {
  #opened: LocalCloud | undefined

  constructor(
    readonly view: View,
    readonly signal: AbortSignal,
  ) {}

  async open(): Promise<LocalCloud> {
    this.#opened ??= await startLocalCloud((text) => this.view.say(text), this.signal)
    return this.#opened
  }

  async close(): Promise<void> {
    if (!this.#opened) return
    this.view.say('Ending what was started')
    await this.#opened.close()
  }
}

/** The first Ctrl-C cancels the run, whose clean-up still runs; the second ends that too. */
function interrupts(view: View): { signal: AbortSignal; hardSignal: AbortSignal } {
  const [soft, hard] = [new AbortController(), new AbortController()]
  let asked = 0
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (soft.signal.aborted) {
        if (performance.now() - asked > ECHO_MS) hard.abort()
        return
      }
      asked = performance.now()
      view.say('Canceled; what has to run all the same still runs. Once more ends it at once.')
      soft.abort(new Error('canceled'))
    })
  }
  return { signal: soft.signal, hardSignal: hard.signal }
}

function approver(options: Options, view: View): (environment: string) => Promise<boolean> {
  return async (environment) => {
    if (options.approve || !ASKS_FOR_APPROVAL.test(environment)) return true
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

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  const isMistake = error instanceof PipelineError || error instanceof UsageError
  const isKnown = isMistake || error instanceof LocalCloudError
  console.error(`error: ${isKnown ? error.message : (error as Error).stack}`)
  if (error instanceof UsageError) console.error('next: see npm run rehearse -- --help')
  return isMistake ? 2 : 1
})
// What is left, such as an open terminal, is of no use any more.
process.exit()
