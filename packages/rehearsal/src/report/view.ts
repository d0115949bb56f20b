import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { placeText, type RunRecord, type StageRecord, type StepRecord, stepsOf } from '../run/record.js'
import { duration, mark, paint } from './format.js'

export interface ViewOptions {
  /** Whether what runs now is drawn anew all the time. */
  isLive: boolean
  isColoured: boolean
  reportFolder: string
  write?(text: string): void
}

const FAILURE_LINES = 40
const REDRAW_MS = 100
const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'

/** Steps as they end, with the end of the log of one that fails; on a terminal also what runs now. */
export class View {
  readonly #options: ViewOptions
  readonly #printed = new Set<object>()
  /** The newest line of each job's log. */
  readonly #last = new Map<string, string>()
  #run: RunRecord | undefined
  #timer: NodeJS.Timeout | undefined
  #drawn = 0
  #frame = 0

  constructor(options: ViewOptions) {
    this.#options = options
  }

  begin(run: RunRecord): void {
    this.#run = run
    this.#last.clear()
    this.say(`\n${run.name} ${run.number}: ${run.trigger.reason} of ${run.trigger.branch}, ${run.file}`)
    this.resume()
  }

  /** Something of the run changed, such as a line of a log. */
  changed(line?: { job: string; text: string }): void {
    if (line) this.#last.set(line.job, line.text)
    else for (const stage of this.#run?.stages ?? []) this.#printStage(stage)
  }

  say(text: string): void {
    this.#write(`${text}\n`)
  }

  /** Ends what is live; afterwards text can be asked for or printed. */
  pause(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#write('')
  }

  resume(): void {
    if (this.#options.isLive) this.#timer ??= setInterval(() => this.#draw(), REDRAW_MS).unref()
  }

  #printStage(stage: StageRecord): void {
    const { startedAt, result, reason } = stage
    if (startedAt !== undefined) this.#once(stage.jobs, `\n${stage.displayName}`)
    for (const job of stage.jobs) {
      const where = stage.jobs.length > 1 ? `${job.displayName}: ` : ''
      for (const step of job.steps)
        if (step.result && !this.#printed.has(step)) this.#once(step, this.#stepText(step, where))
    }
    if (!result) return
    const text = `${mark(result)} ${stage.displayName} ${result}${reason ? `: ${reason}` : ''} ${duration(stage)}`
    this.#once(stage, paint(text.trimEnd(), result, this.#options.isColoured))
  }

  #stepText(step: StepRecord, where: string): string {
    const { result = 'Skipped', issues, at } = step
    const title = `  ${mark(result)} ${where}${step.displayName} ${duration(step)}`.trimEnd()
    const log = result === 'Failed' ? [...this.#logEnd(step), `(${placeText(at)})`] : undefined
    const below = log ?? issues.map(({ type, message }) => `${type}: ${message}`)
    const lines = below.map((line) => `      ${line}`)
    return [paint(title, result, this.#options.isColoured), ...lines].join('\n')
  }

  #logEnd({ startedAt, logFile, issues }: StepRecord): string[] {
    if (startedAt === undefined) return issues.map(({ message }) => message)
    const text = readFileSync(join(this.#options.reportFolder, logFile), 'utf8')
    return text.trimEnd().split('\n').slice(-FAILURE_LINES)
  }

  #once(what: object, text: string): void {
    if (!this.#printed.has(what)) this.say(text)
    this.#printed.add(what)
  }

  /** Each step that runs now, and under it the newest line of its log. */
  #draw(): void {
    const spinner = FRAMES[this.#frame++ % FRAMES.length]
    const running = stepsOf(this.#run as RunRecord).filter(({ step }) => step.startedAt && !step.result)
    const lines = running.flatMap(({ job, step }) => {
      const last = stripVTControlCharacters(this.#last.get(job.displayName) ?? '').trim()
      return [`${spinner} ${job.displayName} / ${step.displayName} ${duration(step)}`, `    ${last}`]
    })
    const width = (process.stdout.columns || 80) - 1
    this.#write(lines.map((line) => `${line.slice(0, width)}\n`).join(''))
    this.#drawn = lines.length
  }

  /** In the place of what was drawn. */
  #write(text: string): void {
    const erased = this.#drawn > 0 ? `\x1b[${this.#drawn}A\x1b[J` : ''
    this.#drawn = 0
    const write = this.#options.write ?? ((all) => process.stdout.write(all))
    write(`${erased}${text}`)
  }
}
