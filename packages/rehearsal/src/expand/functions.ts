import { ExpressionError } from './errors.js'
import { compare, equal, isMap, show, toBoolean, toText, type Value, Version } from './values.js'

/** An argument that is computed only when it is asked for, since and, or, iif and coalesce stop early. */
export type Argument = () => Value

export interface ExpressionFunction {
  min: number
  max: number
  /** Gets between min and max arguments. */
  run(args: Argument[]): Value
}

const one = (run: (a: Argument) => Value): ExpressionFunction => ({
  min: 1,
  max: 1,
  run: (args) => run(...(args as [Argument])),
})
const two = (run: (a: Argument, b: Argument) => Value): ExpressionFunction => ({
  min: 2,
  max: 2,
  run: (args) => run(...(args as [Argument, Argument])),
})
const three = (run: (a: Argument, b: Argument, c: Argument) => Value): ExpressionFunction => ({
  min: 3,
  max: 3,
  run: (args) => run(...(args as [Argument, Argument, Argument])),
})
const many = (min: number, run: (args: Argument[]) => Value): ExpressionFunction => ({ min, max: 100, run })
/** The first argument and all others. */
const list = (run: (first: Argument, rest: Argument[]) => Value): ExpressionFunction =>
  many(1, ([first, ...rest]) => run(first as Argument, rest))

function text(argument: Argument): string {
  const value = argument()
  const converted = toText(value)
  if (converted === undefined) throw new ExpressionError(`expected a text, found ${show(value)}`)
  return converted
}

const folded = (argument: Argument): string => text(argument).toUpperCase()
const isIn = (needle: Argument, rest: Argument[]) => {
  const value = needle()
  return rest.some((each) => equal(value, each()))
}

/** Microsoft: pipelines/process/expressions, "Functions". Names are case-insensitive, here in lower case. */
export const functions: Record<string, ExpressionFunction> = {
  and: many(2, (args) => args.every((each) => toBoolean(each()))),
  or: many(2, (args) => args.some((each) => toBoolean(each()))),
  not: one((a) => !toBoolean(a())),
  xor: two((a, b) => toBoolean(a()) !== toBoolean(b())),
  eq: two((a, b) => equal(a(), b())),
  ne: two((a, b) => !equal(a(), b())),
  gt: two((a, b) => compare(a(), b()) > 0),
  ge: two((a, b) => compare(a(), b()) >= 0),
  lt: two((a, b) => compare(a(), b()) < 0),
  le: two((a, b) => compare(a(), b()) <= 0),
  in: list((needle, rest) => isIn(needle, rest)),
  notin: list((needle, rest) => !isIn(needle, rest)),
  contains: two((a, b) => folded(a).includes(folded(b))),
  startswith: two((a, b) => folded(a).startsWith(folded(b))),
  endswith: two((a, b) => folded(a).endsWith(folded(b))),
  containsvalue: two((collection, wanted) => {
    const [values, value] = [collection(), wanted()]
    const items = Array.isArray(values) ? values : isMap(values) ? Object.values(values) : []
    return items.some((each) => equal(value, each))
  }),
  coalesce: many(2, (args) => {
    for (const each of args) {
      const value = each()
      if (value !== null && value !== '') return value
    }
    return null
  }),
  iif: three((test, yes, no) => (toBoolean(test()) ? yes() : no())),
  format: list((template, rest) => format(text(template), rest)),
  join: two((separator, items) => {
    const values = items()
    if (!Array.isArray(values)) return toText(values) ?? ''
    return values.map((each) => toText(each) ?? '').join(text(separator))
  }),
  replace: three((a, b, c) => text(a).replaceAll(text(b), text(c))),
  split: two((a, b) => {
    const separators = new Set(text(b))
    const parts: string[] = ['']
    for (const letter of text(a)) {
      if (separators.has(letter)) parts.push('')
      else parts[parts.length - 1] += letter
    }
    return parts
  }),
  lower: one((a) => text(a).toLowerCase()),
  upper: one((a) => text(a).toUpperCase()),
  trim: one((a) => text(a).trim()),
  length: one((a) => {
    const value = a()
    return Array.isArray(value) ? value.length : text(() => value).length
  }),
  converttojson: one((a) => JSON.stringify(a(), plain, 2)),
}

/** What conditions may also call; counter is for variables. */
export const statusFunctions = ['always', 'canceled', 'failed', 'succeeded', 'succeededorfailed']

function plain(_key: string, value: Value): Value {
  return value instanceof Version ? value.text : value
}

function format(template: string, args: Argument[]): string {
  return template.replace(
    /\{\{|\}\}|\{(\d+)(?::([^{}]*))?\}|[{}]/g,
    (found, index?: string, pattern?: string) => {
      if (found === '{{' || found === '}}') return found.slice(1)
      const argument = index === undefined ? undefined : args[Number(index)]
      if (!argument) throw new ExpressionError(`format has no argument for ${found} in: ${template}`)
      const value = argument()
      if (pattern === undefined) return text(() => value)
      if (value instanceof Date) return formatDate(value, pattern)
      throw new ExpressionError(`${found} formats a date, and ${show(value)} is none`)
    },
  )
}

/** A date by .NET's custom specifiers, in UTC. */
export function formatDate(date: Date, pattern: string): string {
  const iso = date.toISOString()
  const [year, month, day, hour, minute, second, ms] = iso.split(/\D/) as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  const short = (digits: string) => String(Number(digits))
  const parts: Record<string, string> = {
    yyyy: year,
    yy: year.slice(2),
    MM: month,
    M: short(month),
    dd: day,
    d: short(day),
    HH: hour,
    H: short(hour),
    mm: minute,
    m: short(minute),
    ss: second,
    s: short(second),
    f: ms.slice(0, 1),
    ff: ms.slice(0, 2),
    fff: ms,
    ffff: `${ms}0`,
    K: 'Z',
  }
  return pattern.replace(/y+|M+|d+|H+|m+|s+|f+|K/g, (run) => {
    const part = parts[run]
    if (part === undefined) throw new ExpressionError(`${run} in the date format ${pattern} is not known`)
    return part
  })
}
