import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Counts, Load } from './load.js'

export interface StepResult {
  title: string
  seconds: number
  /** Of the load that ran meanwhile. */
  sent: number
  failed: number
  /** Requests may fail while a pod is killed without warning. */
  mayFail: boolean
  /** What was found, in a few words. */
  note: string
  error?: string
}

export interface StepOptions {
  mayFail?: boolean
}

/** Runs the steps, one after the other, and keeps what became of each. */
export class Report {
  readonly steps: StepResult[] = []
  readonly facts: Record<string, string> = {}
  /** Set as soon as it runs. */
  load: Load | undefined
  readonly #began = performance.now()

  constructor(
    private readonly folder: string,
    private readonly print: (line: string) => void,
  ) {}

  /**
   * Runs one step. A text that it returns is shown beside its title.
   * @throws what it throws; Error when a request of the load failed meanwhile, unless `mayFail`
   */
  readonly step = async <T>(
    title: string,
    action: () => Promise<T>,
    options: StepOptions = {},
  ): Promise<T> => {
    const began = performance.now()
    const before = this.#counts()
    const result: StepResult = { title, seconds: 0, sent: 0, failed: 0, mayFail: false, note: '', ...options }
    this.steps.push(result)
    this.print(`   ${title} ...`)
    const measure = () => {
      const now = this.#counts()
      result.seconds = (performance.now() - began) / 1000
      result.sent = now.sent - before.sent
      result.failed = now.failed - before.failed
    }
    try {
      const value = await action()
      if (typeof value === 'string') result.note = value
      measure()
      if (result.failed > 0 && !result.mayFail) {
        throw new Error(
          `${result.failed} of ${result.sent} requests failed:\n${this.load?.errors.join('\n')}`,
        )
      }
      this.print(`ok ${line(result)}`)
      return value
    } catch (error) {
      measure()
      result.error = (error as Error).message
      this.print(`FAILED ${line(result)}`)
      throw error
    } finally {
      this.#write()
    }
  }

  /** The whole run, for the last line. */
  summary(): { ok: boolean; text: string } {
    const { sent, failed } = this.#counts()
    const broken = this.steps.find(({ error }) => error !== undefined)
    const unexpected = this.steps.reduce((sum, step) => sum + (step.mayFail ? 0 : step.failed), 0)
    const seconds = ((performance.now() - this.#began) / 1000).toFixed(0)
    const requests =
      `${sent} requests sent, ${failed} failed` +
      (failed > unexpected ? `, ${failed - unexpected} of them while a pod was killed without warning` : '')
    const outcome = broken ? `"${broken.title}" failed` : `${this.steps.length} steps passed`
    return { ok: broken === undefined, text: `${outcome} in ${seconds} s; ${requests}` }
  }

  #counts(): Counts {
    return this.load?.read() ?? { sent: 0, failed: 0, versions: {} }
  }

  /** After each step, so that an interrupted run leaves a report too. */
  #write(): void {
    const summary = this.summary()
    const { facts, steps } = this
    const document = { ...summary, facts, steps, errors: this.load?.errors ?? [] }
    writeFileSync(join(this.folder, 'report.json'), `${JSON.stringify(document, null, 2)}\n`)
    const rows = steps.map(
      (step) =>
        `| ${step.error === undefined ? 'ok' : '**failed**'} | ${step.title} | ${step.seconds.toFixed(1)} | ${step.sent} | ${step.failed} | ${step.note} |`,
    )
    const table = [
      '| | step | seconds | requests | failed | |',
      '| --- | --- | ---: | ---: | ---: | --- |',
      ...rows,
    ]
    const lines = Object.entries(facts).map(([name, value]) => `- ${name}: ${value}`)
    const text = ['# End to end', '', summary.text, '', ...lines, '', ...table, '']
    writeFileSync(join(this.folder, 'report.md'), text.join('\n'))
  }
}

function line({ title, seconds, sent, failed, note }: StepResult): string {
  const requests = sent === 0 ? '' : `, ${sent} requests, ${failed} failed`
  return `${title} (${seconds.toFixed(1)} s${requests})${note === '' ? '' : `: ${note}`}`
}
