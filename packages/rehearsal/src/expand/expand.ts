import { existsSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { isAlias, isMap, isSeq, type Node, type Pair } from 'yaml'
import { type Chain, follow, parseDirective } from './directives.js'
import { locate, PipelineError, type Position } from './errors.js'
import { evaluate } from './evaluate.js'
import { templateParts } from './expression.js'
import { bindParameters } from './parameters.js'
import { place, placeKey, placeOf } from './places.js'
import { isMap as isValueMap, show, toText, type Value, type ValueMap } from './values.js'
import { readYaml, scalarText, type YamlFile } from './yaml.js'

export interface ExpandOptions {
  /** The repository's top folder: `/path` in `template:` starts here. */
  root: string
  /** Predefined variables that are known before the run, such as Build.Reason. */
  variables?: Record<string, string>
  /** Take the place of variables of these names, wherever the YAML declares them. */
  overrides?: Record<string, string>
  /** The pipeline's own parameters, as a person sets them at its start. */
  parameters?: Record<string, string>
}

interface Context {
  file: YamlFile
  names: ValueMap
  /** How many templates deep. */
  depth: number
}

type Entry = Pair<Node, Node | null>

const MAX_DEPTH = 20
/** Lists whose items may be templates. */
const TEMPLATE_LISTS = ['stages', 'jobs', 'steps', 'variables']

/**
 * Expands a pipeline: its templates, parameters, `${{ }}` expressions, and the variables known before it runs.
 * @returns what it comes to, and every file that was read, as errors name it
 * @throws PipelineError naming file and line
 */
export function expand(path: string, options: ExpandOptions): { content: ValueMap; files: string[] } {
  const expander = new Expander(options)
  const content = expander.file(resolve(path), options.parameters ?? {}, { ...options.variables }, 0)
  return { content, files: expander.files }
}

class Expander {
  readonly files: string[] = []

  constructor(readonly options: ExpandOptions) {}

  /** @param caller where it is called for; undefined: nowhere, it is the pipeline itself */
  file(path: string, given: ValueMap, variables: ValueMap, depth: number, caller?: Position): ValueMap {
    const name = relative(this.options.root, path)
    const at = caller ?? { file: name, line: 1, column: 1 }
    if (!existsSync(path)) throw new PipelineError(`there is no file ${name}`, at)
    if (depth > MAX_DEPTH) throw new PipelineError(`templates are nested more than ${MAX_DEPTH} deep`, at)
    this.files.push(name)
    const file = readYaml(path, name)
    if (!isMap(file.root)) throw new PipelineError('the file must hold a mapping', file.at(file.root))
    const entries = file.root.items as Entry[]
    const section = entries.find((entry) => scalarText(entry.key) === 'parameters')
    const declared = section ? this.#value(section.value, { file, names: {}, depth }) : []
    const names = { parameters: bindParameters(declared, given, at), variables }
    const rest = entries.filter((entry) => entry !== section)
    return this.#scope(rest, { file, names, depth }, file.at(file.root))
  }

  /** A file, stage or job, whose variables are known to all else in it, and to nothing outside. */
  #scope(entries: Entry[], context: Context, at: Position): ValueMap {
    const names = { ...context.names, variables: { ...(context.names.variables as ValueMap) } }
    const isVariables = ({ key }: Entry) => scalarText(key) === 'variables'
    const sorted = [...entries.filter(isVariables), ...entries.filter((each) => !isVariables(each))]
    return this.#merge(sorted, { ...context, names }, place({}, at), 'scope')
  }

  /** @param section the list's key, such as steps */
  #value(node: Node | null, context: Context, section?: string): Value {
    const at = context.file.at(node)
    if (isAlias(node)) throw new PipelineError('Azure Pipelines knows no YAML anchors', at)
    if (isSeq(node)) return this.#items(node.items as Node[], context, place([] as Value[], at), section)
    if (!isMap(node)) return this.#scalar(scalarText(node) ?? '', context, at)
    return this.#merge(node.items as Entry[], context, place({}, at), section)
  }

  /** A scalar that is one expression keeps that expression's type; otherwise it is text. */
  #scalar(text: string, { names }: Context, at: Position): Value {
    return locate(at, () => {
      const values = templateParts(text).map((part) =>
        typeof part === 'string' ? part : evaluate(part.expression, { names }),
      )
      if (values.length === 1) return values[0] ?? null
      const texts = values.map((value) => {
        const converted = toText(value)
        if (converted !== undefined) return converted
        throw new PipelineError(`${show(value)} can't stand inside a text`, at)
      })
      return texts.join('')
    })
  }

  #merge(entries: Entry[], context: Context, into: ValueMap, section?: string): ValueMap {
    let chain: Chain = 'none'
    for (const { key, value } of entries) {
      const at = context.file.at(key)
      const text = scalarText(key) ?? ''
      const directive = parseDirective(text, at)
      if (!directive) {
        chain = 'none'
        const name = toText(this.#scalar(text, context, at)) ?? ''
        const isList = TEMPLATE_LISTS.includes(name) && (section === 'scope' || name !== 'variables')
        const content = this.#value(value, context, isList ? name : undefined)
        const isMapping = isList && name === 'variables' && isValueMap(content)
        this.#put(into, name, isMapping ? listOf(content, at) : content, at, context, section)
        continue
      }
      const { scopes, next } = follow(directive, chain, context.names, at)
      chain = next
      for (const names of scopes) {
        if (isMap(value)) {
          this.#merge(value.items as Entry[], { ...context, names }, into, section)
          continue
        }
        const inserted = this.#value(value, { ...context, names }) || {}
        if (!isValueMap(inserted))
          throw new PipelineError('only a mapping can be inserted into a mapping', at)
        for (const [name, item] of Object.entries(inserted))
          this.#put(into, name, item, placeOf(inserted, at, name), context, section)
      }
    }
    return into
  }

  #put(into: ValueMap, key: string, value: Value, at: Position, context: Context, section?: string): void {
    if (Object.hasOwn(into, key)) throw new PipelineError(`${key} is given twice`, at)
    into[key] = section === 'variables' ? this.#declare(key, value, context, at) : value
    placeKey(into, key, at)
  }

  /** Each variable is known to all that comes after it. @returns its value */
  #declare(name: string, value: Value, context: Context, at: Position): string {
    const text = this.options.overrides?.[name] ?? toText(value)
    if (text === undefined) throw new PipelineError(`variable ${name} must be a text`, at)
    ;(context.names.variables as ValueMap)[name] = text
    return text
  }

  #items(items: Node[], context: Context, into: Value[], list?: string): Value[] {
    const push = (value: Value, at: Position): void => {
      if (Array.isArray(value)) {
        for (const [index, each] of value.entries()) push(each, placeOf(each, placeOf(value, at, index)))
        return
      }
      if (value === null) return
      if (list === 'variables' && isValueMap(value) && typeof value.name === 'string')
        value.value = this.#declare(value.name, value.value ?? '', context, at)
      placeKey(into, into.length, placeOf(value, at))
      into.push(value)
    }
    let chain: Chain = 'none'
    for (const item of items) {
      const at = context.file.at(item)
      const [only, second] = isMap(item) ? (item.items as Entry[]) : []
      const directive = only && !second && parseDirective(scalarText(only.key) ?? '', at)
      // A mapping below the directive makes a mapping, even `- ${{ each pair in job }}:`.
      if (directive && only && (!isMap(only.value) || directive.kind !== 'each')) {
        const { scopes, next } = follow(directive, chain, context.names, at)
        chain = next
        for (const names of scopes) push(this.#value(only.value, { ...context, names }, list), at)
        continue
      }
      chain = 'none'
      const isScope = isMap(item) && (list === 'stages' || list === 'jobs')
      const value = isScope ? this.#scope(item.items as Entry[], context, at) : this.#value(item, context)
      push(
        list && isValueMap(value) && 'template' in value ? this.#include(value, list, context, at) : value,
        at,
      )
    }
    return into
  }

  /** What a template puts in its place. */
  #include(reference: ValueMap, list: string, context: Context, at: Position): Value[] {
    const { template, parameters: given = {}, ...others } = reference
    const name = toText(template ?? '') ?? ''
    const strange = Object.keys(others)[0]
    if (strange !== undefined) throw new PipelineError(`a template takes parameters, not ${strange}`, at)
    if (name.includes('@'))
      throw new PipelineError(`template ${name} is in another repository, which is not here`, at)
    if (!isValueMap(given)) throw new PipelineError("a template's parameters must be a mapping", at)
    const { root } = this.options
    const folder = name.startsWith('/') ? root : dirname(join(root, context.file.name))
    const variables = { ...(context.names.variables as ValueMap) }
    const included = this.file(join(folder, name), given, variables, context.depth + 1, at)
    const content = included[list]
    if (Array.isArray(content) && Object.keys(included).length === 1) return content
    throw new PipelineError(`template ${name} must hold ${list}, and nothing else`, at)
  }
}

/** Variables that are written as a mapping, as a list of {name, value}. */
function listOf(variables: ValueMap, at: Position): Value[] {
  const items = Object.entries(variables).map(([name, value]) =>
    place({ name, value }, placeOf(variables, at, name)),
  )
  return place(items, at)
}
