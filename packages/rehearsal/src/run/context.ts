import type { Edit } from '../tasks/checkout.js'
import type { History } from './history.js'
import type { Mask } from './mask.js'
import type { JobRecord, RunRecord, StageRecord } from './record.js'
import type { Variables } from './variables.js'

/** The world outside a run: what its steps find instead of Azure. */
export interface Surroundings {
  /** The checkout that is rehearsed. */
  root: string
  /** For the report and the logs. */
  reportFolder: string
  /** Everything else that the rehearsal writes. */
  folder: string
  /** What jobs check out: a copy of `root` as it was at the start. */
  sources: string
  /** Changes that a scenario makes to every checkout. */
  edits: Edit[]
  /** What every step's environment begins with. */
  env: Record<string, string>
  /** What the stand-in of `az` answers from. */
  cloud: Cloud
  /** How many jobs may run at a time. */
  width: number
  signal: AbortSignal
  /** Aborts when even what runs after a cancel must end. */
  hardSignal: AbortSignal
  /** Asks a person whether a deployment may go on. */
  approve(environment: string): Promise<boolean>
  /** Tells the view that the record changed; with a line of a step's log where there is one. */
  changed(line?: { job: string; text: string }): void
}

export interface Cloud {
  /** The cluster that every AKS cluster stands for; undefined: there is none. */
  kubeconfig?: string
  /** The registry's address. */
  registry?: string
}

/** One run of one pipeline. */
export interface RunContext extends Surroundings {
  record: RunRecord
  history: History
  mask: Mask
  /** Runs of other pipelines, by the name that this one gives them. */
  resources: Record<string, RunRecord>
}

/** A job while its steps run. */
export interface JobContext {
  run: RunContext
  stage: StageRecord
  record: JobRecord
  variables: Variables
  /** Its folders: the sources, and one for what is gone with the job. */
  sources: string
  temporary: string
  /** Folders that come first in PATH. */
  path: string[]
  /** Aborts when the job takes too long or is canceled. */
  signal: AbortSignal
}
