import { ExpressionError } from './errors.js'
import { compare, equal, isMap, show, toBoolean, toText, type Value } from './values.js'

/** An argument that is computed only when it is asked for, since and, or, iif and coalesce stop early. */
type Argument = () => Value

export type ExpressionFunction = [min: number, max: number, run: (...args: Argument[]) => Value]

const MANY = 100

function text(argument: Argument): string {
  const value = argument()
  const converted = toText(value)
  if (converted === undefined) throw new ExpressionError(`expected a text, found ${show(value)}`)
  return converted
}

const folded = (argument: Argument): string => text(argument).toUpperCase()
const isIn = (value: Value, values: Argument[]) => values.some((each) => equal(value, each()))

/** Microsoft: pipelines/process/expressions, "Functions". Names are case-insensitive, here in lower case. */
export const functions: Record<string, ExpressionFunction> = {
  and: [2, MANY, (...args) => args.every((each) => toBoolean(each()))],
  or: [2, MANY, (...args) => args.some((each) => toBoolean(each()))],
  not: [1, 1, (a: Argument) => !toBoolean(a())],
  xor: [2, 2, (a: Argument, b: Argument) => toBoolean(a()) !== toBoolean(b())],
  eq: [2, 2, (a: Argument, b: Argument) => equal(a(), b())],
  ne: [2, 2, (a: Argument, b: Argument) => !equal(a(), b())],
  gt: [2, 2, (a: Argument, b: Argument) => compare(a(), b()) > 0],
  ge: [2, 2, (a: Argument, b: Argument) => compare(a(), b()) >= 0],
  lt: [2, 2, (a: Argument, b: Argument) => compare(a(), b()) < 0],
  le: [2, 2, (a: Argument, b: Argument) => compare(a(), b()) <= 0],
  in: [1, MANY, (needle: Argument, ...rest) => isIn(needle(), rest)],
  notin: [1, MANY, (needle: Argument, ...rest) => !isIn(needle(), rest)],
  contains: [2, 2, (a: Argument, b: Argument) => folded(a).includes(folded(b))],
  startswith: [2, 2, (a: Argument, b: Argument) => folded(a).startsWith(folded(b))],
  endswith: [2, 2, (a: Argument, b: Argument) => folded(a).endsWith(folded(b))],
  containsvalue: [2, 2, containsValue],
  coalesce: [
    2,
    MANY,
    (...args) => args.map((each) => each()).find((each) => each !== null && each !== '') ?? null,
  ],
  iif: [3, 3, (test: Argument, yes: Argument, no: Argument) => (toBoolean(test()) ? yes() : no())],
  format: [1, MANY, format],
  join: [2, 2, join],
  replace: [3, 3, (a: Argument, b: Argument, c: Argument) => text(a).replaceAll(text(b), text(c))],
  split: [2, 2, (a: Argument, b: Argument) => split(text(a), text(b))],
  lower: [1, 1, (a: Argument) => text(a).toLowerCase()],
  upper: [1, 1, (a: Argument) => text(a).toUpperCase()],
  trim: [1, 1, (a: Argument) => text(a).trim()],
  length: [1, 1, length],
}

/** What conditions may also call. */
export const statusFunctions = ['always', 'canceled', 'failed', 'succeeded', 'succeededorfailed']

function containsValue(collection: Argument, wanted: Argument): boolean {
  const [values, value] = [collection(), wanted()]
  const items = Array.isArray(values) ? values : isMap(values) ? Object.values(values) : []
  return items.some((each) => equal(value, each))
}

function format(template: Argument, ...args: Argument[]): string {
  const pattern = text(template)
  return pattern.replace(/\{\{|\}\}|\{(\d+)\}|[{}]/g, (found, index?: string) => {
    if (found === '{{' || found === '}}') return found.slice(1)
    const argument = args[Number(index ?? -1)]
    if (!argument) throw new ExpressionError(`format has no argument for ${found} in: ${pattern}`)
    return text(argument)
  })
}

function join(separator: Argument, items: Argument): string {
  const values = items()
  return Array.isArray(values) ? values.map((each) => toText(each) ?? '').join(text(separator)) : text(items)
}

/** At any of the separator's letters. */
function split(whole: string, separators: string): string[] {
  const escaped = separators.replace(/[\]\\^-]/g, '\\$&')
  return separators === '' ? [whole] : whole.split(new RegExp(`[${escaped}]`))
}

function length(argument: Argument): number {
  const value = argument()
  return Array.isArray(value) ? value.length : text(argument).length
}
