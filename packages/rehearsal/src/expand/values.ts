import { ExpressionError } from './errors.js'

/** What expressions work with. Scalars of YAML are always strings; parameters have types. */
export type Value = null | boolean | number | string | Date | Version | Value[] | ValueMap
export interface ValueMap {
  [key: string]: Value
}

/** `1.2.3`: two to four numbers. */
export class Version {
  constructor(readonly text: string) {}

  static parse(text: string): Version | undefined {
    return /^\d+(\.\d+){1,3}$/.test(text) ? new Version(text) : undefined
  }

  compare(other: Version): number {
    const [mine, theirs] = [this.text.split('.'), other.text.split('.')]
    for (let i = 0; i < 4; i++) {
      const difference = Number(mine[i] ?? -1) - Number(theirs[i] ?? -1)
      if (difference !== 0) return Math.sign(difference)
    }
    return 0
  }
}

export function isMap(value: Value | undefined): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isScalarObject(value)
}

function isScalarObject(value: object): boolean {
  return value instanceof Date || value instanceof Version
}

export function toBoolean(value: Value): boolean {
  return value !== null && value !== false && value !== 0 && value !== ''
}

/** undefined: it can't be converted. */
export function toNumber(value: Value): number | undefined {
  if (value === null || value === '') return 0
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value !== 'string' || !/^\s*-?[\d,]*\.?\d*\s*$/.test(value) || !/\d/.test(value))
    return undefined
  return Number(value.replaceAll(',', ''))
}

/** undefined: it can't be converted, such as a list. */
export function toText(value: Value): string | undefined {
  if (value === null) return ''
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'number') return String(value)
  if (value instanceof Version) return value.text
  if (value instanceof Date) return value.toISOString()
  return undefined
}

function toVersion(value: Value): Version | undefined {
  return value instanceof Version ? value : Version.parse(toText(value) ?? '')
}

/** Order of two values after the right one took the left one's type; undefined: it can't. */
function order(left: Value, right: Value): number | undefined {
  if (left === null) return right === null || right === '' ? 0 : undefined
  if (typeof left === 'boolean') return Number(left) - Number(toBoolean(right))
  if (left instanceof Version) {
    const version = toVersion(right)
    return version && left.compare(version)
  }
  if (typeof left === 'number') {
    const number = toNumber(right)
    return number === undefined ? undefined : left - number
  }
  const [mine, theirs] = [toText(left), toText(right)]
  if (mine === undefined || theirs === undefined) return left === right ? 0 : undefined
  const [a, b] = [mine.toUpperCase(), theirs.toUpperCase()]
  return a === b ? 0 : a < b ? -1 : 1
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
  if (Object.hasOwn(value, name)) return value[name] ?? null
  const found = Object.keys(value).find((each) => each.toLowerCase() === name.toLowerCase())
  return found === undefined ? null : (value[found] ?? null)
}

export function show(value: Value): string {
  return toText(value) === undefined ? (Array.isArray(value) ? 'a list' : 'a mapping') : `'${toText(value)}'`
}
