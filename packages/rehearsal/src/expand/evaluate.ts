import { ExpressionError } from './errors.js'
import { type Argument, type ExpressionFunction, functions, statusFunctions } from './functions.js'
import { type Expression, parseExpression } from './parse-expression.js'
import { isMap, property, type Value, type ValueMap } from './values.js'

/** What an expression can see. */
export interface Scope {
  /** `parameters`, `variables`, `dependencies`, loop variables ... */
  names: ValueMap
  /** Beyond the general ones, such as succeeded; by lower-case name. */
  functions?: Record<string, ExpressionFunction>
}

/** The result of `.*`: a further key is taken from every item. */
class FilteredArray extends Array<Value> {}

/**
 * The value of an expression.
 * @throws ExpressionError for an unknown name or function, wrong arguments, types that can't be compared
 */
export function evaluate(expression: Expression | string, scope: Scope): Value {
  const tree = typeof expression === 'string' ? parseExpression(expression) : expression
  switch (tree.type) {
    case 'literal':
      return tree.value
    case 'name':
      return named(tree.name, scope)
    case 'index': {
      const object = evaluate(tree.object, scope)
      return index(object, tree.key && evaluate(tree.key, scope))
    }
    case 'call':
      return call(tree.name, tree.args, scope)
  }
}

function named(name: string, { names }: Scope): Value {
  const found = Object.keys(names).find((each) => each.toLowerCase() === name.toLowerCase())
  if (found !== undefined) return names[found] ?? null
  const known = Object.keys(names).join(', ') || 'nothing'
  throw new ExpressionError(
    `${name} is not known here. Known are: ${known}. A text is written in 'single quotes'`,
  )
}

function index(object: Value, key: Value | undefined): Value {
  if (key === undefined) {
    const items = Array.isArray(object) ? object : isMap(object) ? Object.values(object) : []
    return FilteredArray.from(items)
  }
  if (!(object instanceof FilteredArray)) return property(object, key)
  return FilteredArray.from([...object].map((item) => property(item, key)).filter((item) => item !== null))
}

function call(name: string, args: Expression[], scope: Scope): Value {
  const found = functions[name.toLowerCase()] ?? scope.functions?.[name.toLowerCase()]
  if (!found) {
    const elsewhere = statusFunctions.includes(name.toLowerCase()) || name.toLowerCase() === 'counter'
    if (!elsewhere) throw new ExpressionError(`there is no function ${name}`)
    const where = name.toLowerCase() === 'counter' ? 'in $[ ] of a variable' : 'in conditions'
    throw new ExpressionError(`${name} is there only ${where}`)
  }
  if (args.length < found.min || args.length > found.max) {
    const wanted = found.min === found.max ? `${found.min}` : `${found.min} or more`
    throw new ExpressionError(`${name} takes ${wanted} arguments and was given ${args.length}`)
  }
  return found.run(
    args.map(
      (each): Argument =>
        () =>
          evaluate(each, scope),
    ),
  )
}
