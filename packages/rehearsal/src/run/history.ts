import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isGood, type RunRecord, type StageRecord } from './record.js'

interface Saved {
  nextId: number
  counters: Record<string, number>
  runs: RunRecord[]
}

/** What Azure DevOps remembers of earlier runs: counters, tags, outputs, artifacts. Kept in a file. */
export class History {
  readonly #path: string
  readonly #saved: Saved

  constructor(folder: string) {
    this.#path = join(folder, 'history.json')
    this.#saved = existsSync(this.#path)
      ? (JSON.parse(readFileSync(this.#path, 'utf8')) as Saved)
      : { nextId: 1, counters: {}, runs: [] }
  }

  nextId(): number {
    const id = this.#saved.nextId++
    this.save()
    return id
  }

  /** Counts up from `seed`, separately for every prefix of every pipeline. */
  count(pipeline: string, prefix: string, seed: number): number {
    const key = `${pipeline}\n${prefix}`
    const value = (this.#saved.counters[key] ?? seed - 1) + 1
    this.#saved.counters[key] = value
    this.save()
    return value
  }

  add(run: RunRecord): void {
    this.#saved.runs.push(run)
    this.save()
  }

  /** The newest good run of a pipeline that carries all these tags and, where it is given, is on that branch. */
  last(pipeline: string, tags: string[] = [], branch?: string): RunRecord | undefined {
    return this.#saved.runs.findLast(
      (run) =>
        run.name === pipeline &&
        isGood(run.result) &&
        tags.every((tag) => run.tags.includes(tag)) &&
        (branch === undefined || run.branch === branch),
    )
  }

  find(pipeline: string, number: string): RunRecord | undefined {
    return this.#saved.runs.findLast((run) => run.name === pipeline && run.number === number)
  }

  /** A stage as it was in the newest run in which it succeeded. */
  lastGoodStage(pipeline: string, stage: string): StageRecord | undefined {
    const runs = this.#saved.runs.filter((run) => run.name === pipeline)
    const stages = runs.flatMap((run) => run.stages.filter(({ name }) => name === stage))
    return stages.findLast(({ result }) => isGood(result))
  }

  save(): void {
    writeFileSync(this.#path, JSON.stringify(this.#saved, null, 2))
  }
}
