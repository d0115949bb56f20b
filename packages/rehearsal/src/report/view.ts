import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import type { JobRecord, RunRecord, StageRecord, StepRecord } from '../run/record.js'
import { duration, MARKS, paint } from './format.js'

export interface View {
  /** A run begins. */
  begin(run: RunRecord): void
  /** Something of it changed. */
  changed(line?: { job: string; text: string }): void
  say(text: string): void
  /** Ends what is live; afterwards text can be asked for or printed. */
  pause(): void
  resume(): void
}

export interface ViewOptions {
  isLive: boolean
  isColoured: boolean
  reportFolder: string
  write?(text: string): void
}

const FAILURE_LINES = 40
const REDRAW_MS = 100
const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'

/** Steps as they end, with the end of the log of one that fails; on a terminal also what runs now, drawn anew. */
export function createView({ isLive, isColoured, reportFolder, write = writeStdout }: ViewOptions): View {
  const printed = new Set<unknown>()
  const last = new Map<string, string>()
  let current: RunRecord | undefined
  let timer: NodeJS.Timeout | undefined
  let drawn = 0
  let frame = 0

  /** Takes away what is live. */
  const erased = () => {
    const codes = drawn > 0 ? `\x1b[${drawn}A\x1b[J` : ''
    drawn = 0
    return codes
  }
  const draw = () => {
    const width = (process.stdout.columns || 80) - 1
    const lines = current ? running(current, last, FRAMES[frame++ % FRAMES.length] ?? '') : []
    write(`${erased()}${lines.map((line) => `${line.slice(0, width)}\n`).join('')}`)
    drawn = lines.length
  }
  const print = (text: string) => write(`${erased()}${text}\n`)
  const once = (key: unknown, text: () => string) => {
    if (printed.has(key)) return
    printed.add(key)
    print(text())
  }
  const printEnded = (run: RunRecord) => {
    for (const stage of run.stages) {
      if (stage.startedAt !== undefined) once(`${run.id} ${stage.name}`, () => `\n${stage.displayName}`)
      for (const job of stage.jobs) for (const step of job.steps) printStep(stage, job, step)
      if (stage.result === undefined) continue
      const reason = stage.reason === undefined ? '' : `: ${stage.reason}`
      const text = () =>
        `${MARKS[stage.result ?? 'Failed']} ${stage.displayName} ${stage.result}${reason} ${duration(stage)}`
      once(stage, () => paint(text(), stage.result ?? 'Failed', isColoured))
    }
  }
  const printStep = (stage: StageRecord, job: JobRecord, step: StepRecord) => {
    const { result } = step
    if (result === undefined) return
    once(step, () => {
      const where = stage.jobs.length > 1 ? `${job.displayName}: ` : ''
      const text = `  ${MARKS[result]} ${where}${step.displayName} ${duration(step)}`
      const lines = [paint(text.trimEnd(), result, isColoured)]
      if (result === 'Failed')
        lines.push(...logEnd(step).map((line) => `      ${line}`), `      (${step.at})`)
      else lines.push(...step.issues.map(({ type, message }) => `      ${type}: ${message}`))
      return lines.join('\n')
    })
  }
  const logEnd = ({ logFile }: StepRecord) =>
    readFileSync(join(reportFolder, logFile), 'utf8').trimEnd().split('\n').slice(-FAILURE_LINES)

  const view: View = {
    begin(run) {
      current = run
      last.clear()
      print(`\n${run.displayName} ${run.number}: ${run.reason} of ${run.branch}, ${run.file}`)
      view.resume()
    },
    changed(line) {
      if (line) last.set(line.job, line.text)
      else if (current) printEnded(current)
    },
    say: print,
    pause() {
      clearInterval(timer)
      timer = undefined
      write(erased())
    },
    resume() {
      if (isLive && !timer) timer = setInterval(draw, REDRAW_MS).unref()
    },
  }
  return view
}

/** Lines for what runs now: each step, and under it the newest line of its log. */
function running(run: RunRecord, last: Map<string, string>, spinner: string): string[] {
  const jobs = run.stages.flatMap((stage) => stage.jobs.map((job) => ({ stage, job })))
  return jobs.flatMap(({ stage, job }) => {
    const step = job.steps.find((each) => each.startedAt !== undefined && each.result === undefined)
    if (!step) return []
    const title = `${spinner} ${stage.displayName} / ${job.displayName} / ${step.displayName} ${duration(step)}`
    return [title, `    ${stripVTControlCharacters(last.get(job.displayName) ?? '').trim()}`]
  })
}

function writeStdout(text: string): void {
  process.stdout.write(text)
}
