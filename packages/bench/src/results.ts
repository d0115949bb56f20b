import type { Overloads } from './load/overload.js'
import type { ServerName } from './servers/launches.js'
import type { Spread } from './stats.js'

/** Everything that a run measured; written as results.json. */
export interface Results {
  machine: Machine
  mode: string
  /** Seconds of load behind each figure, and how often it was taken. */
  seconds: number
  repetitions: number
  cases: CaseResult[]
  /** One for each store. */
  pulls: PullResult[]
  /** What was not measured, and why. */
  skipped: string[]
}

export interface Machine {
  cpu: string
  cores: number
  node: string
  onnxRuntime: string
  /** Of the last minute, before anything was measured: above 0.5 something else was running. */
  loadAverage: number
}

export interface CaseResult {
  id: string
  title: string
  /** Images per second. */
  limit: Spread
  servers: ServerResult[]
  /**
   * Milliseconds to the first good answer: the app's, with a graph that was optimised before and with the model's own,
   * and those of a server that loads everything first.
   */
  coldStart: { optimised: Spread; plain: Spread; plainStart: Spread }
  overload?: Overloads
}

export interface ServerResult {
  server: ServerName
  loads: LoadResult[]
  /** Megabytes after the load; undefined where the system does not tell. */
  rss: Spread | undefined
  pss: Spread | undefined
}

/** Medians over the repetitions. Times are in milliseconds. */
export interface LoadResult {
  concurrency: number
  requestsPerSecond: Spread
  /** The same as a share of the limit in the same repetition. */
  ofLimit: Spread
  p50: Spread
  p99: Spread
  failures: number
  /** Of the health check meanwhile. */
  healthP99: Spread
  healthFailures: number
}

/** Pulling a large model into a folder, against nothing but streaming and hashing its largest file. */
export interface PullResult {
  store: string
  megabytes: number
  /** Megabytes per second: of a download that writes nothing, of one to a file, and of the pull. */
  bare: Spread
  file: Spread
  pull: Spread
  /** Megabytes that a pulling process grew by, at most, after it had pulled a tiny model. */
  growth: number
  /** Milliseconds and requests of a pull that finds everything there, in a process that has pulled before. */
  warmMs: Spread
  /** The same in a process that has to load the store's library for it. */
  freshMs: Spread
  warmRequests: number
}
