import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Mask } from './mask.js'
import { isGood, type RunRecord, type StageRecord } from './record.js'

interface Saved {
  nextId: number
  /** How many runs have a number that begins so. */
  revisions: Record<string, number>
  runs: RunRecord[]
}

/** What Azure DevOps remembers of earlier runs: numbers, tags, outputs, artifacts. Kept in a file. */
export class History {
  readonly #path: string
  readonly #saved: Saved

  constructor(folder: string) {
    this.#path = join(folder, 'history.json')
    const isThere = existsSync(this.#path)
    this.#saved = isThere
      ? JSON.parse(readFileSync(this.#path, 'utf8'))
      : { nextId: 1, revisions: {}, runs: [] }
  }

  /** Used up at once: what a run that was killed left behind is no other run's. */
  nextId(): number {
    const id = this.#saved.nextId++
    this.#save()
    return id
  }

  /** $(Rev:r): counts from 1 for every number of every pipeline. */
  revision(pipeline: string, number: string): number {
    const key = `${pipeline} ${number}`
    this.#saved.revisions[key] = (this.#saved.revisions[key] ?? 0) + 1
    return this.#saved.revisions[key]
  }

  /** Secret outputs are not kept: a later rehearsal that goes on from here finds `***` in their place. */
  add(run: RunRecord, mask: Mask): void {
    const saved = structuredClone(run)
    for (const { outputs } of saved.stages.flatMap(({ jobs }) => jobs))
      for (const [name, value] of Object.entries(outputs)) outputs[name] = mask.apply(value)
    this.#saved.runs.push(saved)
    this.#save()
  }

  /** The newest good run of a pipeline of which this is true. */
  last(pipeline: string, wanted: (run: RunRecord) => boolean = () => true): RunRecord | undefined {
    return this.#saved.runs.findLast((run) => run.name === pipeline && isGood(run.result) && wanted(run))
  }

  /** A stage as it was in the newest run in which it succeeded. */
  lastGoodStage(pipeline: string, stage: string): StageRecord | undefined {
    const stages = this.#saved.runs.filter(({ name }) => name === pipeline).flatMap((run) => run.stages)
    return stages.findLast(({ name, result }) => name === stage && isGood(result))
  }

  #save(): void {
    writeFileSync(this.#path, JSON.stringify(this.#saved, null, 2))
  }
}

export function hasTags(run: RunRecord, tags: string[]): boolean {
  return tags.every((tag) => run.tags.includes(tag))
}
