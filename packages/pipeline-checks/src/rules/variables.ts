import { type Position, predefinedNames, type Step, type Variable } from '@repo/rehearsal/expand'
import { shellOf, stepsOf } from '../runs.js'
import { outputsOf } from '../script-calls.js'
import type { Context, Rule } from './rule.js'

/** Every $(name) and variables['name'] is declared, predefined, or an output of an earlier step of the job. */
export const variables: Rule = (context) => {
  const { pipeline } = context.run
  const root = names(pipeline.variables)
  for (const [index, { name, at }] of pipeline.variables.entries()) {
    if (root.indexOf(name) < index) context.report(at, `variable ${name} is declared twice: take one out`)
  }
  for (const variable of pipeline.variables) look(context, variable.at, [variable.value], root)
  for (const stage of pipeline.stages) {
    const inStage = [...root, ...names(stage.variables)]
    look(context, stage.at, [stage.condition ?? ''], inStage)
    for (const job of stage.jobs) {
      const known = [...inStage, ...names(job.variables)]
      for (const variable of job.variables) look(context, variable.at, [variable.value], known)
      look(context, job.at, [job.condition ?? ''], known)
      for (const step of stepsOf(job)) {
        look(context, step.at, textsOf(step), known)
        if (step.name)
          known.push(...outputsOf(context.repository, shellOf(step)).map((name) => `${step.name}.${name}`))
      }
    }
  }
}

const names = (variables: Variable[]): string[] => variables.map(({ name }) => name)

function textsOf({ inputs, env, displayName, condition = '' }: Step): string[] {
  // Shell text has its own rule, and $(...) is a command there.
  const { script: _, bash: __, inlineScript: ___, ...others } = inputs
  return [displayName, condition, ...Object.values(others), ...Object.values(env)]
}

function look({ report }: Context, at: Position, texts: string[], known: string[]): void {
  const isKnown = (name: string) =>
    [...known, ...predefinedNames()].some((each) => each.toLowerCase() === name.toLowerCase())
  for (const text of texts) {
    for (const match of text.matchAll(/\$\(([^()]+)\)|\bvariables(?:\['([^']+)'\]|\.(\w+))/g)) {
      const name = (match[1] ?? match[2] ?? match[3]) as string
      if (isKnown(name)) continue
      const wrong = `there is no variable ${name} here, so the text ${match[0]} would stay as it is.`
      report(
        at,
        `${wrong} Declare it in templates/variables.yml, or name the earlier step whose output it is`,
        name,
      )
    }
  }
}
