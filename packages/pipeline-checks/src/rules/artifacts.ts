import type { Step } from '@repo/rehearsal/expand'
import { BUILD, jobsOf, type Run, stepsOf } from '../runs.js'
import type { Rule } from './rule.js'

/** An artifact is published once, and before somebody downloads it. */
export const artifacts: Rule = ({ run, runs, report }) => {
  const { stages, resources } = run.pipeline
  const published = new Set<string>()
  for (const stage of stages) {
    for (const step of stage.jobs.flatMap(stepsOf)) {
      const name = step.inputs.artifact ?? step.inputs.artifactName ?? ''
      if (step.task === 'publish') {
        if (published.has(name))
          report(step.at, `artifact ${name} is published twice: give one another name`, name)
        published.add(name)
      }
      const from = sourceOf(step)
      if (from === undefined) continue
      if (from === 'current') {
        if (!published.has(name)) report(step.at, `no step before this publishes an artifact ${name}`, name)
      } else if (from !== 'specific' && !resources.some(({ pipeline }) => pipeline === from)) {
        report(step.at, `there is no pipeline resource ${from}: declare it under resources.pipelines`, from)
      } else if (!builds(runs).some((each) => each === name)) {
        report(step.at, `the build publishes no artifact ${name}`, name)
      }
    }
  }
}

/** Where a step downloads from: current, specific, or a pipeline resource. */
function sourceOf({ task, inputs }: Step): string | undefined {
  if (task === 'download') return inputs.download
  if (task.startsWith('DownloadPipelineArtifact@')) return inputs.buildType ?? inputs.source ?? 'current'
  return undefined
}

/** What the build publishes. */
function builds(runs: Run[]): string[] {
  const steps = runs
    .filter(({ pipeline }) => pipeline.file === BUILD)
    .flatMap((run) => jobsOf(run).flatMap(stepsOf))
  return steps.filter(({ task }) => task === 'publish').map(({ inputs }) => inputs.artifact ?? '')
}
