import { PipelineError, type Position } from './errors.js'
import type { Positions } from './positions.js'
import { isMap, toText, type Value, type ValueMap } from './values.js'

export interface Parameter {
  name: string
  type: string
  default?: Value
  values?: string[]
  at: Position
}

const LISTS = ['stepList', 'jobList', 'deploymentList', 'stageList', 'stringList']
const MAPS = ['step', 'job', 'deployment', 'stage']
const TYPES = ['string', 'number', 'boolean', 'object', ...MAPS, ...LISTS]
const KEYS = ['name', 'displayName', 'type', 'default', 'values']

/**
 * Reads a `parameters:` section: a list of typed ones, or the old mapping from names to defaults.
 * @throws PipelineError for an unknown type or key
 */
export function declaredParameters(section: Value, positions: Positions, at: Position): Parameter[] {
  if (isMap(section)) {
    const names = Object.keys(section)
    return names.map((name) => ({
      name,
      type: 'object',
      default: section[name] ?? null,
      at: positions.ofKey(section, name, at),
    }))
  }
  if (!Array.isArray(section)) throw new PipelineError('parameters must be a list', at)
  return section.map((entry, index) => {
    const here = positions.ofKey(section, index, at)
    if (!isMap(entry) || typeof entry.name !== 'string')
      throw new PipelineError('a parameter needs a name', here)
    const { name, type = 'string', values } = entry
    const strange = Object.keys(entry).find((key) => !KEYS.includes(key))
    if (strange !== undefined) {
      throw new PipelineError(
        `parameter ${name} has an unknown key: ${strange}. Known are: ${KEYS.join(', ')}`,
        here,
      )
    }
    if (typeof type !== 'string' || !TYPES.includes(type)) {
      throw new PipelineError(`parameter ${name} has an unknown type. Known are: ${TYPES.join(', ')}`, here)
    }
    const parameter: Parameter = { name, type, at: here }
    if (entry.default !== undefined) parameter.default = entry.default
    if (Array.isArray(values)) parameter.values = values.map((value) => toText(value) ?? '')
    return parameter
  })
}

/**
 * Gives every declared parameter its value, of its type.
 * @param at where the values are given
 * @throws PipelineError for a missing, unknown or wrong one
 */
export function bindParameters(
  declared: Parameter[],
  given: ValueMap,
  positions: Positions,
  at: Position,
): ValueMap {
  const names = declared.map(({ name }) => name)
  for (const key of Object.keys(given)) {
    if (names.some((name) => name.toLowerCase() === key.toLowerCase())) continue
    const known = names.join(', ') || 'none'
    throw new PipelineError(`unknown parameter ${key}. Known are: ${known}`, positions.ofKey(given, key, at))
  }
  const bound: ValueMap = {}
  for (const parameter of declared) {
    const key = Object.keys(given).find((each) => each.toLowerCase() === parameter.name.toLowerCase())
    const value = key === undefined ? parameter.default : given[key]
    if (value === undefined) throw new PipelineError(`parameter ${parameter.name} is missing`, at)
    bound[parameter.name] = typed(
      parameter,
      value,
      key === undefined ? parameter.at : positions.ofKey(given, key, at),
    )
  }
  return bound
}

function typed({ name, type, values }: Parameter, value: Value, at: Position): Value {
  const wrong = (wanted: string) => new PipelineError(`parameter ${name} must be ${wanted}`, at)
  const text = toText(value)
  if (LISTS.includes(type)) {
    if (Array.isArray(value)) return value
    if (text === '') return []
    throw wrong(`a list (${type})`)
  }
  if (MAPS.includes(type)) {
    if (isMap(value)) return value
    throw wrong(`a mapping (${type})`)
  }
  if (type === 'object') return value
  if (text === undefined) throw wrong(`a ${type}`)
  if (values && !values.some((each) => each.toLowerCase() === text.toLowerCase())) {
    throw wrong(`one of ${values.join(', ')}, and is ${text}`)
  }
  if (type === 'string') return text
  if (type === 'boolean') {
    if (/^(true|false)$/i.test(text)) return /^true$/i.test(text)
    throw wrong(`true or false, and is ${text}`)
  }
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text)
  throw wrong(`a number, and is ${text}`)
}
