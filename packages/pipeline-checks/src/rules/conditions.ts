import { functions, type Position, statusFunctions } from '@repo/rehearsal/expand'
import { namesIn } from '../expressions.js'
import { jobsOf, stepsOf } from '../runs.js'
import type { Rule } from './rule.js'

const NEAR = 'condition:'

/** Conditions are whole, call functions that exist, and say what becomes of them after a failure. */
export const conditions: Rule = ({ run, report }) => {
  const check = ({ condition, at }: { condition?: string | undefined; at: Position }) => {
    if (condition === undefined) return
    const names = callsIn(condition, (problem) => report(at, problem, NEAR))
    if (names.length === 0 || names.some((name) => statusFunctions.includes(name))) return
    const instead = 'Begin it with and(succeeded(), ...), or say always() or failed()'
    report(
      at,
      `a condition takes the place of succeeded(), so this runs after a failure too. ${instead}`,
      NEAR,
    )
  }
  for (const stage of run.pipeline.stages) check(stage)
  for (const job of jobsOf(run)) {
    check(job)
    for (const step of stepsOf(job)) check(step)
  }
  for (const { variables } of [run.pipeline, ...run.pipeline.stages, ...jobsOf(run)]) {
    for (const { value, at } of variables.filter((each) => each.value.startsWith('$['))) {
      if (value.endsWith(']')) callsIn(value.slice(2, -1), (problem) => report(at, problem))
      else report(at, `the expression is not closed by ]: ${value}`)
    }
  }
}

/** The functions that an expression calls. */
function callsIn(text: string, problem: (message: string) => void): string[] {
  const { calls } = namesIn(text, problem)
  const known = [...Object.keys(functions), ...statusFunctions]
  for (const name of calls.filter((each) => !known.includes(each)))
    problem(`there is no function ${name}. There are: ${known.join(', ')}`)
  return calls
}
