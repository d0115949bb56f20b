import { ExpressionError } from './errors.js'

/** What expressions work with. Scalars of YAML are always strings; parameters have types. */
export type Value = null | boolean | number | string | Value[] | ValueMap
export interface ValueMap {
  [key: string]: Value
}

export function isMap(value: unknown): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function toBoolean(value: Value): boolean {
  return value !== null && value !== false && value !== 0 && value !== ''
}

/** undefined: it can't be converted. */
function toNumber(value: Value): number | undefined {
  if (typeof value !== 'string')
    return typeof value === 'object' && value !== null ? undefined : Number(value)
  return /^\s*(-?[\d,]*\.?\d+)?\s*$/.test(value) ? Number(value.replaceAll(',', '')) : undefined
}

/** undefined: it can't be converted, such as a list. */
export function toText(value: Value): string | undefined {
  if (value === null) return ''
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return typeof value === 'object' ? undefined : String(value)
}

/** Order of two values after the right one took the left one's type; undefined: it can't. */
function order(left: Value, right: Value): number | undefined {
  if (left === null) return right === null || right === '' ? 0 : undefined
  if (typeof left === 'boolean') return Number(left) - Number(toBoolean(right))
  if (typeof left === 'number') {
    const number = toNumber(right)
    return number === undefined ? undefined : left - number
  }
  const [mine, theirs] = [toText(left)?.toUpperCase(), toText(right)?.toUpperCase()]
  if (mine === undefined || theirs === undefined) return left === right ? 0 : undefined
  return mine === theirs ? 0 : mine < theirs ? -1 : 1
}

export function equal(left: Value, right: Value): boolean {
  return order(left, right) === 0
}

/** @throws ExpressionError when the right value can't take the left one's type */
export function compare(left: Value, right: Value): number {
  const result = order(left, right)
  if (result !== undefined) return result
  throw new ExpressionError(`${show(right)} can't be compared with ${show(left)}: their types differ`)
}

/** A property, index or variable; names are case-insensitive. null where there is none. */
export function property(value: Value, key: Value): Value {
  if (Array.isArray(value)) return value[toNumber(key) ?? -1] ?? null
  if (!isMap(value)) return null
  const name = toText(key) ?? ''
  const found = Object.hasOwn(value, name) ? name : sameName(Object.keys(value), name)
  return found === undefined ? null : (value[found] ?? null)
}

/** The one of these that is this name, in whatever case. */
export function sameName(names: string[], name: string): string | undefined {
  return names.find((each) => each.toLowerCase() === name.toLowerCase())
}

export function show(value: Value): string {
  return Array.isArray(value) ? 'a list' : isMap(value) ? 'a mapping' : `'${toText(value)}'`
}
