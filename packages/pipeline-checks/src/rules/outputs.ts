import type { Job, Position, Stage } from '@repo/rehearsal/expand'
import { namesIn } from '../expressions.js'
import { shellOf, stepsOf } from '../runs.js'
import { outputsOf } from '../script-calls.js'
import type { Context, Rule } from './rule.js'

/** Whoever reads the output of another stage or job depends on it directly, and the output is one. */
export const outputs: Rule = (context) => {
  const { stages } = context.run.pipeline
  for (const stage of stages) {
    for (const [name = '', ...path] of namesIn(stage.condition ?? '').paths) {
      if (name !== 'dependencies') continue
      const [from = '', kind, key = ''] = path
      const [job = '', step = '', output = ''] = key.split('.')
      inStage(context, stage, stage.at, from, kind === 'outputs' ? { job, step, output } : undefined)
    }
    for (const job of stage.jobs) {
      const texts: [string | undefined, Position][] = [
        [job.condition, job.at],
        ...job.variables.map(({ value, at }): [string, Position] => [
          /^\$\[(.*)\]$/s.exec(value)?.[1] ?? '',
          at,
        ]),
      ]
      for (const [text, at] of texts)
        for (const path of namesIn(text ?? '').paths) inJob(context, stage, job, at, path)
    }
  }
}

interface Wanted {
  job: string
  step: string
  output: string
}

function inJob(context: Context, stage: Stage, job: Job, at: Position, [name, ...path]: string[]) {
  if (name === 'stageDependencies') {
    const [from = '', other = '', kind, key = ''] = path
    const [step = '', output = ''] = key.split('.')
    inStage(context, stage, at, from, kind === 'outputs' ? { job: other, step, output } : undefined)
  }
  if (name === 'dependencies') {
    const [from = '', kind, key = ''] = path
    if (!job.dependsOn.includes(from)) {
      return context.report(at, `job ${job.name} reads from job ${from}; add it to dependsOn`, from)
    }
    const [step = '', output = ''] = key.split('.')
    if (kind === 'outputs') inSteps(context, stage, at, { job: from, step, output })
  }
}

function inStage(context: Context, stage: Stage, at: Position, from: string, wanted: Wanted | undefined) {
  const other = context.run.pipeline.stages.find(({ name }) => name === from)
  if (!other) return context.report(at, `there is no stage ${from} to read from`, from)
  if (!stage.dependsOn.includes(from)) {
    const why = 'outputs come only from stages that dependsOn lists itself'
    return context.report(at, `stage ${stage.name} reads from stage ${from}: ${why}. Add it there`, from)
  }
  if (wanted) inSteps(context, other, at, wanted)
}

function inSteps(context: Context, stage: Stage, at: Position, { job, step, output }: Wanted) {
  const found = stage.jobs.find(({ name }) => name === job)
  if (!found) return context.report(at, `stage ${stage.name} has no job ${job}`, job)
  // A deployment job's outputs have the job's own name before the step's.
  const source = stepsOf(found).find(({ name }) => name === step)
  if (!source)
    return context.report(at, `job ${job} has no step with the name ${step}. Give the step that name`, step)
  const known = outputsOf(context.repository, shellOf(source))
  if (known.includes(output)) return
  context.report(
    at,
    `step ${step} has no output ${output}. Its outputs: ${known.join(', ') || 'none'}`,
    output,
  )
}
