import type { ExpressionFunction, Position, ValueMap } from '../expand/index.js'
import { evaluate, locate, PipelineError, toBoolean, toText } from '../expand/index.js'
import { isGood, type Result } from './record.js'

type Functions = Record<string, ExpressionFunction>

/**
 * The status functions of a stage, job or step. With names they look at those, without at everything before it.
 * @param results of all that it depends on, directly or not; for a step that is its job so far
 */
export function statusOf(results: Map<string, Result | undefined>, isCanceled: boolean): Functions {
  const status = (test: (results: (Result | undefined)[]) => boolean): ExpressionFunction => {
    const run: ExpressionFunction[2] = (...args) => {
      const names = args.map((each) => toText(each()) ?? '')
      return test(names.length > 0 ? names.map((name) => results.get(name)) : [...results.values()])
    }
    return [0, 100, run]
  }
  const isEnded = (each: Result | undefined) => isGood(each) || each === 'Failed'
  return {
    always: status(() => true),
    canceled: status(() => isCanceled),
    failed: status((all) => all.includes('Failed')),
    succeeded: status((all) => !isCanceled && all.every(isGood)),
    succeededorfailed: status((all) => !isCanceled && all.every(isEnded)),
  }
}

/**
 * Whether a stage, job or step runs.
 * @throws PipelineError for a mistake that shows only now, such as an unknown name
 */
export function isMet(
  { condition = 'succeeded()', at }: { condition?: string | undefined; at: Position },
  names: ValueMap,
  functions: Functions,
): boolean {
  if (condition.includes('$('))
    throw new PipelineError("conditions don't know $(name): write variables['name']", at)
  return toBoolean(locate(at, () => evaluate(condition, { names, functions })))
}
