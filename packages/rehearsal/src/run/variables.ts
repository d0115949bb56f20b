import { evaluate, locate, PipelineError, toText, type ValueMap, type Variable } from '../expand/index.js'

interface Entry {
  name: string
  value: string
  secret: boolean
}

const MACRO = /\$\(([A-Za-z_][\w.]*)\)/g
const MAX_DEPTH = 50

/** The variables of a run, stage or job. Their names are case-insensitive. */
export class Variables {
  readonly #entries: Map<string, Entry>

  constructor(from?: Variables) {
    this.#entries = new Map(from ? from.#entries : [])
  }

  get(name: string): string | undefined {
    return this.#entries.get(name.toLowerCase())?.value
  }

  set(name: string, value: string, isSecret = false): void {
    const old = this.#entries.get(name.toLowerCase())
    const entry = { name: old?.name ?? name, value, secret: isSecret || old?.secret === true }
    this.#entries.set(name.toLowerCase(), entry)
  }

  setAll(values: Record<string, string>): void {
    for (const [name, value] of Object.entries(values)) this.set(name, value)
  }

  /** Adds what the YAML declares; `$[ ]` is computed now. */
  declare(variables: Variable[], names: ValueMap): void {
    for (const { name, value, at } of variables) {
      const expression = /^\$\[(.*)\]$/s.exec(value.trim())?.[1]
      const scope = { names: { ...names, variables: this.asValue() } }
      const result = expression === undefined ? value : toText(locate(at, () => evaluate(expression, scope)))
      if (result === undefined) throw new PipelineError(`variable ${name} must be a text`, at)
      this.set(name, result)
    }
  }

  /** Replaces `$(name)`. What is not known stays as it is, which in bash is a command: the agent does the same. */
  expand(text: string, depth = 0): string {
    return text.replace(MACRO, (macro, name: string) => {
      const value = this.get(name)
      return value === undefined || depth > MAX_DEPTH ? macro : this.expand(value, depth + 1)
    })
  }

  expandAll(values: Record<string, string>): Record<string, string> {
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, this.expand(value)]))
  }

  /** What steps find in their environment: secrets don't get there by themselves. */
  environment(): Record<string, string> {
    const visible = [...this.#entries.values()].filter(({ secret }) => !secret)
    const nameOf = (name: string) => name.toUpperCase().replace(/[. ]/g, '_')
    return Object.fromEntries(visible.map(({ name, value }) => [nameOf(name), this.expand(value)]))
  }

  asValue(): ValueMap {
    const entries = [...this.#entries.values()]
    return Object.fromEntries(entries.map(({ name, value }) => [name, this.expand(value)]))
  }
}
