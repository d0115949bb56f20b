import { type Job, loadPipeline, type Pipeline, PipelineError, type Step } from '@repo/rehearsal/expand'
import type { Finding } from './finding.js'
import type { Repository } from './repository.js'

/** One pipeline, expanded for one thing that starts it. */
export interface Run {
  event: keyof typeof EVENTS
  pipeline: Pipeline
}

const MAIN = { 'Build.SourceBranch': 'refs/heads/main' }
const EVENTS = {
  push: { 'Build.Reason': 'IndividualCI', ...MAIN },
  'pull request': { 'Build.Reason': 'PullRequest', 'Build.SourceBranch': 'refs/pull/1/merge' },
  schedule: { 'Build.Reason': 'Schedule', ...MAIN },
  manual: { 'Build.Reason': 'Manual', ...MAIN },
  release: { 'Build.Reason': 'ResourceTrigger', ...MAIN },
}

export const FOLDER = 'azure-pipelines'
export const BUILD = `${FOLDER}/build.yml`
const TARGETS = ['dev', 'staging', 'production']
const WANTED: [string, Run['event'], Record<string, string>?][] = [
  [BUILD, 'push'],
  [BUILD, 'pull request'],
  [BUILD, 'schedule'],
  [BUILD, 'manual'],
  [`${FOLDER}/release.yml`, 'release'],
  ...TARGETS.map((target): [string, Run['event'], Record<string, string>] => [
    `${FOLDER}/rollback.yml`,
    'manual',
    { target },
  ]),
]

/** Expands every pipeline for everything that starts it. What can't be expanded is a finding. */
export function loadRuns(repository: Repository): { runs: Run[]; findings: Finding[] } {
  const runs: Run[] = []
  const findings: Finding[] = []
  for (const [file, event, parameters = {}] of WANTED) {
    try {
      const options = { root: repository.root, variables: EVENTS[event], parameters }
      runs.push({ event, pipeline: loadPipeline(repository.path(file), options) })
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error
      const { at, reason } = error
      findings.push({ rule: 'expansion', file: at.file, line: at.line, message: reason })
    }
  }
  return { runs, findings }
}

export const stepsOf = (job: Job): Step[] => job.steps
export const jobsOf = ({ pipeline }: Run): Job[] => pipeline.stages.flatMap(({ jobs }) => jobs)

/** The shell text that a step runs; empty for other tasks. */
export function shellOf({ inputs }: Step): string {
  return inputs.script ?? inputs.bash ?? inputs.inlineScript ?? inputs.scriptPath ?? ''
}
