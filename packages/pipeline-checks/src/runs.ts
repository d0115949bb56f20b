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

export const stepsOf = (job: Job): Step[] => job.hooks.flatMap(({ steps }) => steps)
export const jobsOf = ({ pipeline }: Run): Job[] => pipeline.stages.flatMap(({ jobs }) => jobs)

/** The shell text that a step runs; empty for other tasks. */
export function shellOf({ inputs }: Step): string {
  return inputs.script ?? inputs.bash ?? inputs.inlineScript ?? inputs.scriptPath ?? inputs.filePath ?? ''
}

/** The scripts of the repository in a shell text. */
export function scriptsIn(shell: string): string[] {
  return [...shell.matchAll(/(?:^|[\s;&|])(?:\.\/)?((?:[\w.-]+\/)+[\w.-]+\.sh)\b/g)].map(
    ([, path]) => path as string,
  )
}

/** A script with everything that it sources. */
export function withSourced(repository: Repository, script: string): string {
  if (!repository.exists(script)) return ''
  const text = repository.read(script)
  const folder = script.slice(0, script.lastIndexOf('/'))
  const sourced = [...text.matchAll(/^\. "\$here\/([\w.-]+)"/gm)].map(([, name]) => `${folder}/${name}`)
  return [text, ...sourced.map((file) => (repository.exists(file) ? repository.read(file) : ''))].join('\n')
}

/** The names of a step's outputs: what its scripts give `output`, and `##vso[task.setvariable]`. */
export function outputsOf(repository: Repository, step: Step): string[] {
  const shell = shellOf(step)
  const texts = [shell, ...scriptsIn(shell).map((script) => withSourced(repository, script))]
  const pattern = /(?:(?:^|[;&|]|then|else)\s*output|task\.setvariable variable=)\s*(\w+)/gm
  return texts.flatMap((text) => [...text.matchAll(pattern)].map(([, name]) => name as string))
}

/** What a script needs from its caller: the names after `need`, unless it has a value for them itself. */
export function neededBy(script: string): string[] {
  const needed = [...script.matchAll(/^need ([A-Z_ ]+)/gm)].flatMap(([, names = '']) =>
    names.trim().split(/ +/),
  )
  return needed.filter((name) => !new RegExp(`^${name}=`, 'm').test(script))
}
