import { existsSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { chains, type Directive, parseDirective } from './directives.js'
import { locate, PipelineError, type Position } from './errors.js'
import { evaluate } from './evaluate.js'
import { bindParameters, declaredParameters } from './parameters.js'
import { templateParts } from './parse-expression.js'
import { Positions } from './positions.js'
import { isMap as isValueMap, show, toBoolean, toText, type Value, type ValueMap } from './values.js'
import { isAlias, isMap, isSeq, type Node, type Pair, readYaml, scalarText, type YamlFile } from './yaml.js'

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

export interface Expanded {
  content: ValueMap
  positions: Positions
  at: Position
  /** Every file that was read, as errors name it. */
  files: string[]
}

interface Context {
  file: YamlFile
  names: ValueMap
  /** How many templates deep. */
  depth: number
}

type Chain = 'none' | 'open' | 'taken'
type Entry = Pair<Node, Node | null>

const MAX_DEPTH = 20
const TEMPLATE_LISTS = ['stages', 'jobs', 'steps', 'variables']

/**
 * Expands a pipeline: its templates, parameters, `${{ }}` expressions, and the variables known before it runs.
 * @throws PipelineError naming file and line
 */
export function expand(path: string, options: ExpandOptions): Expanded {
  return new Expander(options).pipeline(resolve(path))
}

class Expander {
  readonly positions = new Positions()
  readonly files: string[] = []

  constructor(readonly options: ExpandOptions) {}

  pipeline(path: string): Expanded {
    const content = this.#file(path, { file: undefined, at: undefined }, this.options.parameters ?? {}, 0, {
      ...this.options.variables,
    })
    const at = { file: relative(this.options.root, path), line: 1, column: 1 }
    return { content, positions: this.positions, at, files: this.files }
  }

  /** A whole file with its parameters bound. */
  #file(
    path: string,
    caller: { file: YamlFile | undefined; at: Position | undefined },
    given: ValueMap,
    depth: number,
    variables: ValueMap,
  ): ValueMap {
    const name = relative(this.options.root, path)
    const at = caller.at ?? { file: name, line: 1, column: 1 }
    if (!existsSync(path)) throw new PipelineError(`there is no file ${name}`, at)
    if (depth > MAX_DEPTH) throw new PipelineError(`templates are nested more than ${MAX_DEPTH} deep`, at)
    this.files.push(name)
    const file = readYaml(path, name)
    if (!isMap(file.root)) throw new PipelineError('the file must hold a mapping', file.at(file.root))
    const entries = file.root.items as Entry[]
    const section = entries.find((entry) => scalarText(entry.key) === 'parameters')
    const literal: Context = { file, names: {}, depth }
    const declared = section
      ? declaredParameters(this.#value(section.value, literal), this.positions, file.at(section.key))
      : []
    const parameters = bindParameters(declared, given, this.positions, at)
    const rest = entries.filter((entry) => entry !== section)
    const context = { file, names: { parameters, variables }, depth }
    const content = this.#entries(rest, context, file.at(file.root), 'scope')
    const base = content.extends
    if (base === undefined) return content
    delete content.extends
    const where = this.positions.of(base, file.at(file.root))
    if (!isValueMap(base)) throw new PipelineError('extends must name a template', where)
    const extended = this.#include(base, context, where)
    for (const [key, value] of Object.entries(content)) this.#put(extended, key, value, where)
    return extended
  }

  /**
   * @param section the list's key, such as steps; `scope`: a file, stage or job, whose variables are known to all else
   * in it
   */
  #value(node: Node | null, context: Context, section?: string): Value {
    if (isAlias(node)) throw new PipelineError('Azure Pipelines knows no YAML anchors', context.file.at(node))
    if (isMap(node)) return this.#entries(node.items as Entry[], context, context.file.at(node), section)
    if (isSeq(node)) return this.#items(node.items as Node[], context, context.file.at(node), section)
    return this.#scalar(scalarText(node) ?? '', context, context.file.at(node))
  }

  /** A scalar that is one expression keeps that expression's type; otherwise it is text. */
  #scalar(text: string, { names }: Context, at: Position): Value {
    return locate(at, () => {
      const parts = templateParts(text)
      const [only] = parts
      if (parts.length === 1 && typeof only === 'object') return evaluate(only.expression, { names })
      const texts = parts.map((part) => {
        if (typeof part === 'string') return part
        const value = evaluate(part.expression, { names })
        const converted = toText(value)
        if (converted === undefined) throw new PipelineError(`${show(value)} can't stand inside a text`, at)
        return converted
      })
      return texts.join('')
    })
  }

  #entries(entries: Entry[], outer: Context, at: Position, section?: string): ValueMap {
    const result: ValueMap = {}
    this.positions.set(result, at)
    const own = section === 'scope' && entries.find((entry) => scalarText(entry.key) === 'variables')
    if (!own) {
      this.#merge(entries, outer, result)
      return result
    }
    const variables = { ...(outer.names.variables as ValueMap) }
    const context = { ...outer, names: { ...outer.names, variables } }
    this.#put(result, 'variables', this.#variables(own.value, context), context.file.at(own.key))
    this.#merge(
      entries.filter((entry) => entry !== own),
      context,
      result,
    )
    return result
  }

  #merge(entries: Entry[], context: Context, into: ValueMap): void {
    let chain: Chain = 'none'
    for (const { key, value } of entries) {
      const at = context.file.at(key)
      const text = scalarText(key) ?? ''
      const directive = parseDirective(text, at)
      if (!directive) {
        chain = 'none'
        const name = toText(this.#scalar(text, context, at)) ?? ''
        this.#put(
          into,
          name,
          this.#value(value, context, TEMPLATE_LISTS.includes(name) ? name : undefined),
          at,
        )
        continue
      }
      const { contexts, next } = this.#select(directive, chain, context, at)
      chain = next
      for (const each of contexts) {
        if (isMap(value)) {
          this.#merge(value.items as Entry[], each, into)
          continue
        }
        const inserted = this.#value(value, each)
        if (inserted === '' || inserted === null) continue
        if (!isValueMap(inserted))
          throw new PipelineError('only a mapping can be inserted into a mapping', at)
        for (const [name, item] of Object.entries(inserted)) {
          this.#put(into, name, item, this.positions.ofKey(inserted, name, at))
        }
      }
    }
  }

  #items(items: Node[], context: Context, at: Position, list?: string): Value[] {
    const result: Value[] = []
    this.positions.set(result, at)
    const push = (value: Value, where: Position) => {
      if (Array.isArray(value)) {
        for (const [index, each] of value.entries()) push(each, this.positions.ofKey(value, index, where))
      } else if (value !== null) {
        this.positions.setKey(result, result.length, this.positions.of(value, where))
        result.push(value)
      }
    }
    let chain: Chain = 'none'
    for (const item of items) {
      const where = context.file.at(item)
      const [only, second] = isMap(item) ? (item.items as Entry[]) : []
      const directive = only && !second && parseDirective(scalarText(only.key) ?? '', where)
      // A mapping below the directive makes a mapping, even `- ${{ each pair in job }}:`.
      if (directive && only && (!isMap(only.value) || directive.kind !== 'each')) {
        const { contexts, next } = this.#select(directive, chain, context, where)
        chain = next
        for (const each of contexts) push(this.#value(only.value, each, list), where)
        continue
      }
      chain = 'none'
      const value = this.#value(item, context, list === 'stages' || list === 'jobs' ? 'scope' : undefined)
      if (list !== undefined && isValueMap(value) && 'template' in value) {
        const included = this.#include(value, context, where)
        const content = included[list]
        const strange = Object.keys(included).find((key) => key !== list)
        if (!Array.isArray(content) || strange !== undefined) {
          throw new PipelineError(
            `template ${toText(value.template ?? '')} must hold ${list}, and nothing else`,
            where,
          )
        }
        push(content, where)
      } else push(value, where)
    }
    return result
  }

  #include(reference: ValueMap, context: Context, at: Position): ValueMap {
    const name = (toText(reference.template ?? '') ?? '').replace(/@self$/, '')
    const strange = Object.keys(reference).find((key) => key !== 'template' && key !== 'parameters')
    if (strange !== undefined) throw new PipelineError(`a template takes parameters, not ${strange}`, at)
    if (name.includes('@'))
      throw new PipelineError(`template ${name} is in another repository, which is not here`, at)
    const base = name.startsWith('/')
      ? this.options.root
      : dirname(join(this.options.root, context.file.name))
    const given = reference.parameters ?? {}
    if (!isValueMap(given)) throw new PipelineError("a template's parameters must be a mapping", at)
    const variables = context.names.variables as ValueMap
    return this.#file(join(base, name), { file: context.file, at }, given, context.depth + 1, {
      ...variables,
    })
  }

  /** Which contexts a directive's content is expanded in, and how an `else` after it goes on. */
  #select(
    directive: Directive,
    chain: Chain,
    context: Context,
    at: Position,
  ): { contexts: Context[]; next: Chain } {
    const { kind, expression = '', variable = '' } = directive
    const value = () => locate(at, () => evaluate(expression, { names: context.names }))
    if (kind === 'insert') return { contexts: [context], next: 'none' }
    if (kind === 'each') {
      const items = value()
      const loop = Array.isArray(items)
        ? items
        : isValueMap(items)
          ? Object.entries(items).map(([key, each]) => ({ key, value: each }))
          : []
      const contexts = loop.map((item) => ({ ...context, names: { ...context.names, [variable]: item } }))
      return { contexts, next: 'none' }
    }
    if (kind !== 'if' && chain === 'none') throw new PipelineError(`\${{ ${kind} }} must follow an if`, at)
    const open = kind === 'if' || chain === 'open'
    const taken = open && (kind === 'else' || toBoolean(value()))
    return {
      contexts: taken ? [context] : [],
      next: kind === 'else' ? 'none' : taken || !open ? 'taken' : 'open',
    }
  }

  /** A `variables:` section as a list of {name, value, readonly}; each is known to the next. */
  #variables(section: Node | null, context: Context): Value[] {
    const known = context.names.variables as ValueMap
    const result: ValueMap[] = []
    this.positions.set(result, context.file.at(section))
    const declare = (name: string, value: Value, readonly: Value, at: Position) => {
      const text = this.options.overrides?.[name] ?? toText(value)
      if (text === undefined) throw new PipelineError(`variable ${name} must be a text`, at)
      known[name] = text
      const variable = { name, value: text, readonly }
      this.positions.set(variable, at)
      result.push(variable)
    }
    const read = (value: Value, at: Position) => {
      if (!isValueMap(value)) throw new PipelineError('a variable must be a mapping with name and value', at)
      if ('group' in value) {
        const name = toText(value.group ?? '')
        throw new PipelineError(
          `variable group ${name} is kept in Azure DevOps; declare its variables here instead`,
          at,
        )
      }
      if ('template' in value) {
        const included = this.#include(value, context, at).variables
        if (!Array.isArray(included)) throw new PipelineError('the template must hold variables', at)
        for (const each of included) read(each, this.positions.of(each, at))
      } else if (typeof value.name === 'string') {
        declare(value.name, value.value ?? '', value.readonly ?? null, at)
      } else throw new PipelineError('a variable needs a name', at)
    }
    if (isSeq(section)) {
      const keyOf = (item: Node) => (isMap(item) ? (item.items as Entry[])[0]?.key : undefined)
      for (const group of chains(section.items as Node[], keyOf)) {
        const where = context.file.at(group[0])
        for (const each of this.#items(group, context, where)) read(each, this.positions.of(each, where))
      }
    } else if (isMap(section)) {
      for (const group of chains(section.items as Entry[], ({ key }) => key)) {
        const entries: ValueMap = {}
        this.positions.set(entries, context.file.at(section))
        this.#merge(group, context, entries)
        for (const [name, value] of Object.entries(entries)) {
          declare(name, value, null, this.positions.ofKey(entries, name, context.file.at(section)))
        }
      }
    } else if (section !== null) {
      const value = this.#value(section, context)
      if (Array.isArray(value))
        for (const each of value) read(each, this.positions.of(each, context.file.at(section)))
      else if (isValueMap(value)) {
        for (const [name, each] of Object.entries(value)) declare(name, each, null, context.file.at(section))
      }
    }
    return result
  }

  #put(into: ValueMap, key: string, value: Value, at: Position): void {
    if (Object.hasOwn(into, key)) throw new PipelineError(`${key} is given twice`, at)
    into[key] = value
    this.positions.setKey(into, key, at)
  }
}
