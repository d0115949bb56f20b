import type { ValueMap } from '../expand/index.js'
import {
  type ExpressionFunction,
  evaluate,
  locate,
  PipelineError,
  type Position,
  toBoolean,
  toText,
} from '../expand/index.js'
import { isGood, type Result } from './record.js'

type Functions = Record<string, ExpressionFunction>

const status = (run: (names: string[]) => boolean): ExpressionFunction => ({
  min: 0,
  max: 100,
  run: (args) => run(args.map((each) => toText(each()) ?? '')),
})

/**
 * The status functions of a stage or job. With names they look at those, without at everything before it.
 * @param results of all that it depends on, directly or not
 */
export function graphFunctions(results: Map<string, Result | undefined>, isCanceled: boolean): Functions {
  const of = (names: string[]) =>
    names.length > 0 ? names.map((name) => results.get(name)) : [...results.values()]
  return {
    always: status(() => true),
    canceled: status(() => isCanceled),
    failed: status((names) => of(names).includes('Failed')),
    succeeded: status((names) => !isCanceled && of(names).every(isGood)),
    succeededorfailed: status(
      (names) => !isCanceled && of(names).every((each) => isGood(each) || each === 'Failed'),
    ),
  }
}

/** The status functions of a step. */
export function stepFunctions(job: Result): Functions {
  return {
    always: status(() => true),
    canceled: status(() => job === 'Canceled'),
    failed: status(() => job === 'Failed'),
    succeeded: status(() => isGood(job)),
    succeededorfailed: status(() => job !== 'Canceled'),
  }
}

/** Whether a stage, job or step runs; without a condition that is succeeded(). */
export function isMet(
  condition: string | undefined,
  at: Position,
  names: ValueMap,
  functions: Functions,
): boolean {
  const text = condition ?? 'succeeded()'
  if (/\$\(/.test(text)) {
    throw new PipelineError("conditions don't know $(name): write variables['name']", at)
  }
  return toBoolean(locate(at, () => evaluate(text, { names, functions })))
}
