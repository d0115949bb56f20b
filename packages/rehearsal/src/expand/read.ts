import { z } from 'zod'
import { PipelineError, type Position } from './errors.js'
import { placeOf } from './places.js'
import { isMap, toText, type Value } from './values.js'

const WITHOUT_PLACE: Position = { file: '', line: 0, column: 0 }

export const text = z.preprocess((value: Value) => toText(value) ?? value, z.string('must be a text'))

/** undefined: it is neither true nor false. */
export function toFlag(value: Value): boolean | undefined {
  const [written] = /^(true|false)$/i.exec(toText(value) ?? '') ?? []
  return written === undefined ? undefined : written.toLowerCase() === 'true'
}

export const flag = z.preprocess((value: Value) => toFlag(value) ?? value, z.boolean('must be true or false'))

/** A text stands for a list of one. */
export const texts = z.preprocess(
  (value: Value) => (Array.isArray(value) ? value : value === '' ? [] : [value]),
  z.array(text),
)

export const record = z.preprocess(
  (value: Value) => (value === '' ? {} : value),
  z.record(z.string(), text, 'must be a mapping'),
)

/** Says something about the cloud's machines, and nothing here. */
export const ignored = z.unknown().optional()

export function list<T extends z.ZodType>(item: T) {
  return z.preprocess((value) => (value === '' ? [] : value), z.array(item, 'must be a list'))
}

/**
 * A mapping with these keys and no others, and in `at` the place where it stands.
 * @param what with its article: "a stage"
 * @param shaped makes it fit its keys
 */
export function node<T extends z.ZodRawShape>(what: string, shape: T, shaped = (value: unknown) => value) {
  const at = z.custom<Position>((value) => typeof value === 'object', 'is not known')
  const error: z.core.$ZodErrorMap = ({ code, ...issue }) => {
    if (code !== 'unrecognized_keys') return `must be a mapping (${what})`
    const strange = (issue as unknown as { keys: string[] }).keys.join(', ')
    return `the rehearsal does not know ${strange} in ${what}. It knows: ${Object.keys(shape).join(', ')}`
  }
  const placed = (value: unknown) => {
    const map = shaped(value)
    return isMap(map) ? { at: placeOf(value, WITHOUT_PLACE), ...map } : map
  }
  return z.preprocess(placed, z.strictObject({ ...shape, at }, { error }))
}

/** @throws PipelineError for what does not fit, or is not known */
export function read<T extends z.ZodType>(schema: T, value: Value, at: Position): z.output<T> {
  const { error, data } = schema.safeParse(value)
  if (!error) return data as z.output<T>
  const strange = error.issues.find(({ code }) => code === 'unrecognized_keys')
  const issue = strange ?? (error.issues[0] as z.core.$ZodIssue)
  let [here, inside] = [placeOf(value, at), value as unknown]
  for (const key of [...issue.path, ...('keys' in issue ? issue.keys.slice(0, 1) : [])]) {
    here = placeOf(inside, here, key)
    inside = (inside as Record<PropertyKey, unknown> | undefined)?.[key]
  }
  const name = issue.path.findLast((key) => typeof key === 'string') ?? 'this'
  throw new PipelineError(strange ? issue.message : `${String(name)} ${issue.message}`, here)
}
