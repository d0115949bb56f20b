import {
  evaluate,
  locate,
  PipelineError,
  type Scope,
  toText,
  type ValueMap,
  type Variable,
} from '../expand/index.js'

interface Entry {
  name: string
  value: string
  secret: boolean
  readonly: boolean
}

const MACRO = /\$\(([A-Za-z_][\w.]*)\)/g
const EXPRESSION = /^\$\[(.*)\]$/s
const MAX_DEPTH = 50

/** The variables of a run, stage or job. Their names are case-insensitive. */
export class Variables {
  readonly #entries: Map<string, Entry>

  constructor(from?: Variables) {
    this.#entries = new Map(from === undefined ? [] : from.#entries)
  }

  get(name: string): string | undefined {
    return this.#entries.get(name.toLowerCase())?.value
  }

  /** @throws Error when it is read-only */
  set(name: string, value: string, { secret = false, readonly = false } = {}): void {
    const old = this.#entries.get(name.toLowerCase())
    if (old?.readonly) throw new Error(`variable ${name} is read-only`)
    this.#entries.set(name.toLowerCase(), {
      name: old?.name ?? name,
      value,
      secret: secret || !!old?.secret,
      readonly,
    })
  }

  setAll(values: Record<string, string>): void {
    for (const [name, value] of Object.entries(values)) this.set(name, value)
  }

  /** Adds what the YAML declares; `$[ ]` is computed now, in the given scope. */
  declare(variables: Variable[], scope: Omit<Scope, 'names'> & { names: ValueMap }): void {
    for (const { name, value, readonly, at } of variables) {
      const expression = EXPRESSION.exec(value.trim())?.[1]
      if (expression === undefined) {
        this.set(name, value, { readonly })
        continue
      }
      const names = { ...scope.names, variables: this.asValue() }
      const result = toText(locate(at, () => evaluate(expression, { ...scope, names })))
      if (result === undefined) throw new PipelineError(`variable ${name} must be a text`, at)
      this.set(name, result, { readonly })
    }
  }

  /** Replaces `$(name)`. What is not known stays as it is, which in bash is a command: the agent does the same. */
  expand(text: string, depth = 0): string {
    return text.replace(MACRO, (macro, name: string) => {
      const value = this.get(name)
      return value === undefined || depth > MAX_DEPTH ? macro : this.expand(value, depth + 1)
    })
  }

  /** What steps find in their environment: secrets don't get there by themselves. */
  environment(): Record<string, string> {
    const visible = [...this.#entries.values()].filter(({ secret }) => !secret)
    return Object.fromEntries(visible.map(({ name, value }) => [environmentName(name), this.expand(value)]))
  }

  asValue(): ValueMap {
    return Object.fromEntries(
      [...this.#entries.values()].map(({ name, value }) => [name, this.expand(value)]),
    )
  }
}

export function environmentName(name: string): string {
  return name.toUpperCase().replace(/[. ]/g, '_')
}
