import {
  type Expression,
  ExpressionError,
  functions,
  type Position,
  parseExpression,
  statusFunctions,
  walkExpression,
} from '@repo/rehearsal/expand'
import { jobsOf, stepsOf } from '../runs.js'
import type { Rule } from './rule.js'

const NEAR = 'condition:'

/** Conditions are whole, call functions that exist, and say what becomes of them after a failure. */
export const conditions: Rule = ({ run, report }) => {
  const check = ({ condition, at }: { condition?: string | undefined; at: Position }) => {
    if (condition === undefined) return
    const names = calls(condition, (problem) => report(at, problem, NEAR))
    if (!names || names.some((name) => statusFunctions.includes(name))) return
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
      if (value.endsWith(']')) calls(value.slice(2, -1), (problem) => report(at, problem))
      else report(at, `the expression is not closed by ]: ${value}`)
    }
  }
}

/** The functions that an expression calls, in lower case; undefined when it is none. */
function calls(text: string, problem: (message: string) => void): string[] | undefined {
  const names: string[] = []
  try {
    walkExpression(parseExpression(text), (each: Expression) => {
      if (each.type === 'call') names.push(each.name.toLowerCase())
    })
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    problem(error.message)
    return undefined
  }
  for (const name of names) {
    const known = [...Object.keys(functions), ...statusFunctions]
    if (!known.includes(name)) problem(`there is no function ${name}. There are: ${known.join(', ')}`)
  }
  return names
}
