import { z } from 'zod'
import { PipelineError, type Position } from './errors.js'
import { placeOf } from './places.js'
import { list, node, read, text, texts } from './read.js'
import { isMap, sameName, toText, type Value, type ValueMap } from './values.js'

const LISTS = ['stepList', 'jobList', 'deploymentList', 'stageList']
const MAPS = ['step', 'job', 'deployment', 'stage']
const TYPES = ['string', 'number', 'boolean', 'object', ...MAPS, ...LISTS]

const declarations = list(
  node('a parameter', {
    name: text,
    displayName: text.optional(),
    type: z.enum(TYPES, `must be one of ${TYPES.join(', ')}`).default('string'),
    default: z.custom<Value>().optional(),
    values: texts.optional(),
  }),
)
type Parameter = z.output<typeof declarations>[number]

/**
 * Gives every declared parameter its value, of its type.
 * @param section what stands under `parameters:`
 * @param at where the values are given
 * @throws PipelineError for a missing, unknown or wrong one
 */
export function bindParameters(section: Value, given: ValueMap, at: Position): ValueMap {
  const declared = read(declarations, section, at)
  const names = declared.map(({ name }) => name)
  const unknown = Object.keys(given).find((key) => sameName(names, key) === undefined)
  if (unknown !== undefined) {
    const known = names.join(', ') || 'none'
    throw new PipelineError(`unknown parameter ${unknown}. Known are: ${known}`, placeOf(given, at, unknown))
  }
  const bound = declared.map((parameter) => {
    const key = sameName(Object.keys(given), parameter.name)
    const value = key === undefined ? parameter.default : given[key]
    if (value === undefined) throw new PipelineError(`parameter ${parameter.name} is missing`, at)
    return [parameter.name, typed(parameter, value, key ? placeOf(given, at, key) : parameter.at)] as const
  })
  return Object.fromEntries(bound)
}

function typed({ name, type, values }: Parameter, value: Value, at: Position): Value {
  const wrong = (wanted: string) => new PipelineError(`parameter ${name} must be ${wanted}`, at)
  const written = toText(value)
  if (type === 'object') return value
  if (LISTS.includes(type)) {
    if (Array.isArray(value) || written === '') return value || []
    throw wrong(`a list (${type})`)
  }
  if (MAPS.includes(type)) {
    if (isMap(value)) return value
    throw wrong(`a mapping (${type})`)
  }
  if (written === undefined) throw wrong(`a ${type}`)
  if (values && sameName(values, written) === undefined)
    throw wrong(`one of ${values.join(', ')}, and is ${written}`)
  if (type === 'string') return written
  if (type === 'boolean') {
    if (/^(true|false)$/i.test(written)) return /^true$/i.test(written)
    throw wrong(`true or false, and is ${written}`)
  }
  if (/^-?\d+(\.\d+)?$/.test(written)) return Number(written)
  throw wrong(`a number, and is ${written}`)
}
