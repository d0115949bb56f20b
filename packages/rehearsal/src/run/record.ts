/** What is known of a run while it goes on and afterwards; the view and the report show it. */
export type Result = 'Succeeded' | 'SucceededWithIssues' | 'Failed' | 'Canceled' | 'Skipped'

interface Timed {
  name: string
  displayName: string
  /** undefined: not finished. */
  result?: Result
  /** Milliseconds since the epoch. */
  startedAt?: number
  endedAt?: number
}

export interface Issue {
  type: 'error' | 'warning'
  message: string
}

export interface StepRecord extends Timed {
  task: string
  issues: Issue[]
  /** Relative to the report's folder. */
  logFile: string
  /** The file and line that it comes from. */
  at: string
}

export interface JobRecord extends Timed {
  environment?: string
  steps: StepRecord[]
  /** Why it was skipped, or failed outside its steps. */
  reason?: string
  /** Output variables, as `step.variable`. */
  outputs: Record<string, string>
}

export interface StageRecord extends Timed {
  dependsOn: string[]
  jobs: JobRecord[]
  reason?: string
  /** What it published: name -> folder. */
  artifacts: Record<string, string>
}

export interface TestSummary {
  title: string
  passed: number
  failed: number
  skipped: number
}

export interface RunRecord extends Timed {
  /** The pipeline's YAML. */
  file: string
  id: number
  /** Build.BuildNumber. */
  number: string
  reason: string
  branch: string
  commit: string
  stages: StageRecord[]
  tags: string[]
  /** Markdown, as the Summary tab shows it. */
  summaries: { job: string; text: string }[]
  tests: TestSummary[]
  coverage?: string
  /** Every service connection that a step used. */
  serviceConnections: string[]
}

/** Every artifact of a run: name -> folder. */
export function artifactsOf(run: RunRecord): Record<string, string> {
  return Object.assign({}, ...run.stages.map(({ artifacts }) => artifacts))
}

export function isGood(result: Result | undefined): boolean {
  return result === 'Succeeded' || result === 'SucceededWithIssues'
}

/** What a group's members come to. */
export function aggregate(results: (Result | undefined)[]): Result {
  if (results.includes('Failed')) return 'Failed'
  if (results.includes('Canceled')) return 'Canceled'
  if (results.includes('SucceededWithIssues')) return 'SucceededWithIssues'
  return results.length > 0 && results.every((each) => each === 'Skipped') ? 'Skipped' : 'Succeeded'
}
