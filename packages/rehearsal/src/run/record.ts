import type { Job, Pipeline, Position, Stage, Step, Trigger } from '../expand/index.js'

export type Result = 'Succeeded' | 'SucceededWithIssues' | 'Failed' | 'Canceled' | 'Skipped'

/** How far a run, stage, job or step is. */
export interface Progress {
  /** undefined: not finished. */
  result?: Result
  /** Milliseconds since the epoch. */
  startedAt?: number
  endedAt?: number
  /** Why it was skipped, or failed by itself. */
  reason?: string
}

export interface StepRecord extends Step, Progress {
  issues: { type: 'error' | 'warning'; message: string }[]
  /** Relative to the report's folder. */
  logFile: string
}

export interface JobRecord extends Omit<Job, 'steps'>, Progress {
  steps: StepRecord[]
  /** As `step.variable`; a deployment's begin with its own name. */
  outputs: Record<string, string>
}

export interface StageRecord extends Omit<Stage, 'jobs'>, Progress {
  jobs: JobRecord[]
  /** What it published: name -> folder. */
  artifacts: Record<string, string>
}

/** A run: its pipeline's stages with their progress, and what they gave. The view and the report show it. */
export interface RunRecord extends Progress {
  /** The pipeline's name in Azure DevOps. */
  name: string
  file: string
  id: number
  /** Build.BuildNumber. */
  number: string
  trigger: Trigger
  stages: StageRecord[]
  tags: string[]
  /** Markdown, as the Summary tab shows it. */
  summaries: { job: string; text: string }[]
  tests: { title: string; passed: number; failed: number; skipped: number }[]
  coverage?: string
  /** Every service connection that a step used. */
  serviceConnections: string[]
}

/** A run of a pipeline, of which nothing has happened yet. */
export function newRun(name: string, id: number, { file, stages }: Pipeline, trigger: Trigger): RunRecord {
  const stageRecords = stages.map((stage): StageRecord => {
    const jobs = stage.jobs.map((job): JobRecord => {
      const steps = job.steps.map((step, index): StepRecord => {
        const number = String(index + 1).padStart(2, '0')
        return { ...step, issues: [], logFile: `logs/${id}-${stage.name}-${job.name}-${number}.log` }
      })
      return { ...job, steps, outputs: {} }
    })
    return { ...stage, jobs, artifacts: {} }
  })
  const nothing = { tags: [], summaries: [], tests: [], serviceConnections: [] }
  return { name, file, id, number: '', trigger, startedAt: Date.now(), stages: stageRecords, ...nothing }
}

/** Every step of a run, with where it is. */
export function stepsOf(run: RunRecord): { stage: StageRecord; job: JobRecord; step: StepRecord }[] {
  return run.stages.flatMap((stage) =>
    stage.jobs.flatMap((job) => job.steps.map((step) => ({ stage, job, step }))),
  )
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
  for (const each of ['Failed', 'Canceled', 'SucceededWithIssues'] as const)
    if (results.includes(each)) return each
  return results.length > 0 && results.every((each) => each === 'Skipped') ? 'Skipped' : 'Succeeded'
}

/** `file:line`, for a person to look at. */
export const placeText = ({ file, line }: Position): string => `${file}:${line}`
