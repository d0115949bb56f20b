import { ExpressionError } from './errors.js'
import { compare, equal, show, toBoolean, toText, type Value } from './values.js'

/** An argument that is computed only when it is asked for, since and, or, iif and coalesce stop early. */
type Argument = () => Value

/** How few and how many arguments it takes, and what it does with them; it is never given fewer. */
export type ExpressionFunction = [
  min: number,
  max: number,
  run: (...args: [Argument, Argument, Argument, ...Argument[]]) => Value,
]

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
  not: [1, 1, (a) => !toBoolean(a())],
  eq: [2, 2, (a, b) => equal(a(), b())],
  ne: [2, 2, (a, b) => !equal(a(), b())],
  gt: [2, 2, (a, b) => compare(a(), b()) > 0],
  ge: [2, 2, (a, b) => compare(a(), b()) >= 0],
  lt: [2, 2, (a, b) => compare(a(), b()) < 0],
  le: [2, 2, (a, b) => compare(a(), b()) <= 0],
  in: [1, MANY, (needle, ...rest) => isIn(needle(), rest)],
  notin: [1, MANY, (needle, ...rest) => !isIn(needle(), rest)],
  contains: [2, 2, (a, b) => folded(a).includes(folded(b))],
  startswith: [2, 2, (a, b) => folded(a).startsWith(folded(b))],
  endswith: [2, 2, (a, b) => folded(a).endsWith(folded(b))],
  coalesce: [
    2,
    MANY,
    (...args) => args.map((each) => each()).find((each) => each !== null && each !== '') ?? null,
  ],
  iif: [3, 3, (test, yes, no) => (toBoolean(test()) ? yes() : no())],
  format: [1, MANY, format],
  join: [2, 2, join],
  replace: [3, 3, (a, b, c) => text(a).replaceAll(text(b), text(c))],
  split: [2, 2, (a, b) => split(text(a), text(b))],
  lower: [1, 1, (a) => text(a).toLowerCase()],
  upper: [1, 1, (a) => text(a).toUpperCase()],
  trim: [1, 1, (a) => text(a).trim()],
}

/** What conditions may also call. */
export const statusFunctions = ['always', 'canceled', 'failed', 'succeeded', 'succeededorfailed']

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
