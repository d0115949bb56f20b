import { ExpressionError } from './errors.js'
import { type Expression, parseExpression } from './expression.js'
import { type ExpressionFunction, functions, statusFunctions } from './functions.js'
import { property, sameName, type Value, type ValueMap } from './values.js'

/** What an expression can see. */
export interface Scope {
  /** `parameters`, `variables`, `dependencies`, loop variables ... */
  names: ValueMap
  /** Beyond the general ones, such as succeeded; by lower-case name. */
  functions?: Record<string, ExpressionFunction>
}

/**
 * The value of an expression.
 * @throws ExpressionError for an unknown name or function, wrong arguments, types that can't be compared
 */
export function evaluate(expression: Expression | string, scope: Scope): Value {
  const tree = typeof expression === 'string' ? parseExpression(expression) : expression
  switch (tree.type) {
    case 'literal':
      return tree.value
    case 'name': {
      const known = Object.keys(scope.names)
      const found = sameName(known, tree.name)
      if (found !== undefined) return scope.names[found] ?? null
      throw new ExpressionError(
        `${tree.name} is not known here. Known are: ${known.join(', ')}. A text is written in 'single quotes'`,
      )
    }
    case 'index':
      return property(evaluate(tree.object, scope), evaluate(tree.key, scope))
    case 'call':
      return call(tree.name, tree.args, scope)
  }
}

function call(name: string, args: Expression[], scope: Scope): Value {
  const key = name.toLowerCase()
  const found = functions[key] ?? scope.functions?.[key]
  if (!found) {
    if (statusFunctions.includes(key)) throw new ExpressionError(`${name} is there only in conditions`)
    throw new ExpressionError(`there is no function ${name}. There are: ${Object.keys(functions).join(', ')}`)
  }
  const [min, max, run] = found
  if (args.length < min || args.length > max) {
    const wanted = min === max ? `${min}` : `${min} or more`
    throw new ExpressionError(`${name} takes ${wanted} arguments and was given ${args.length}`)
  }
  const values = args.map((each) => () => evaluate(each, scope))
  return run(...(values as Parameters<typeof run>))
}
