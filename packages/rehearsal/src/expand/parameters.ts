import { z } from 'zod'
import { PipelineError, type Position } from './errors.js'
import { placeOf } from './places.js'
import { list, node, read, text, texts, toFlag } from './read.js'
import { isMap, sameName, show, toText, type Value, type ValueMap } from './values.js'

const asMap = (value: Value) => (isMap(value) ? value : undefined)
const asList = (value: Value) => (Array.isArray(value) ? value : value === '' ? [] : undefined)

/** What a value is as each type; undefined: it is none. */
const TYPES: Record<string, (value: Value) => Value | undefined> = {
  string: toText,
  number: (value) => (/^-?\d+(\.\d+)?$/.test(toText(value) ?? '') ? Number(value) : undefined),
  boolean: toFlag,
  object: (value) => value,
  ...{ step: asMap, job: asMap, deployment: asMap, stage: asMap },
  ...{ stepList: asList, jobList: asList, deploymentList: asList, stageList: asList },
}
const names = Object.keys(TYPES)

const declarations = list(
  node('a parameter', {
    name: text,
    displayName: text.optional(),
    type: z.enum(names, `must be one of ${names.join(', ')}`).default('string'),
    default: z.custom<Value>().optional(),
    values: texts.optional(),
  }),
)

/**
 * Gives every declared parameter its value, of its type.
 * @param section what stands under `parameters:`
 * @param at where the values are given
 * @throws PipelineError for a missing, unknown or wrong one
 */
export function bindParameters(section: Value, given: ValueMap, at: Position): ValueMap {
  const declared = read(declarations, section, at)
  const known = declared.map(({ name }) => name)
  const unknown = Object.keys(given).find((key) => sameName(known, key) === undefined)
  if (unknown !== undefined) {
    const reason = `unknown parameter ${unknown}. Known are: ${known.join(', ') || 'none'}`
    throw new PipelineError(reason, placeOf(given, at, unknown))
  }
  const bound = declared.map(({ name, type, values, default: otherwise, at: here }) => {
    const key = sameName(Object.keys(given), name)
    const value = key === undefined ? otherwise : given[key]
    if (value === undefined) throw new PipelineError(`parameter ${name} is missing`, at)
    const typed = TYPES[type]?.(value)
    const isAllowed = !values || sameName(values, toText(value) ?? '') !== undefined
    if (typed !== undefined && isAllowed) return [name, typed] as const
    const wanted = isAllowed ? `of type ${type}` : `one of ${values.join(', ')}`
    const where = key === undefined ? here : placeOf(given, at, key)
    throw new PipelineError(`parameter ${name} must be ${wanted}, and is ${show(value)}`, where)
  })
  return Object.fromEntries(bound)
}
