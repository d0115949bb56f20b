import { PipelineError, type Position } from './errors.js'
import type { Positions } from './positions.js'
import { isMap, toText, type Value, type ValueMap } from './values.js'

/** Reads an expanded mapping key by key; whatever was not read at the end is an error. */
export class Reader {
  readonly #known = new Set<string>()
  readonly map: ValueMap

  constructor(
    value: Value,
    /** What it is, with its article: "a stage". */
    readonly what: string,
    readonly positions: Positions,
    readonly at: Position,
  ) {
    if (!isMap(value)) throw new PipelineError(`${what} must be a mapping`, at)
    this.map = value
    this.at = positions.of(value, at)
  }

  has(key: string): boolean {
    return this.map[key] !== undefined
  }

  atKey(key: string): Position {
    return this.positions.ofKey(this.map, key, this.at)
  }

  error(key: string, reason: string): PipelineError {
    return new PipelineError(reason, this.atKey(key))
  }

  value(key: string): Value | undefined {
    this.#known.add(key)
    return this.map[key]
  }

  text(key: string): string | undefined {
    const value = this.value(key)
    if (value === undefined) return undefined
    const text = toText(value)
    if (text === undefined) throw this.error(key, `${key} must be a text`)
    return text
  }

  boolean(key: string, otherwise: boolean): boolean {
    const text = this.text(key)
    if (text === undefined || text === '') return otherwise
    if (/^(true|false)$/i.test(text)) return /^true$/i.test(text)
    throw this.error(key, `${key} must be true or false, and is ${text}`)
  }

  /** A text stands for a list of one. */
  texts(key: string): string[] | undefined {
    const value = this.value(key)
    if (value === undefined) return undefined
    if (!Array.isArray(value)) return [this.text(key) as string].filter((each) => each !== '')
    return value.map((each) => {
      const text = toText(each)
      if (text === undefined) throw this.error(key, `${key} must be a list of texts`)
      return text
    })
  }

  record(key: string): Record<string, string> {
    const value = this.value(key) ?? {}
    if (value === '') return {}
    if (!isMap(value)) throw this.error(key, `${key} must be a mapping`)
    const entries = Object.entries(value).map(([name, each]) => {
      const text = toText(each)
      if (text === undefined) {
        throw new PipelineError(`${name} must be a text`, this.positions.ofKey(value, name, this.at))
      }
      return [name, text] as const
    })
    return Object.fromEntries(entries)
  }

  list(key: string): { value: Value; at: Position }[] {
    const list = this.value(key) ?? []
    if (!Array.isArray(list)) throw this.error(key, `${key} must be a list`)
    return list.map((value, index) => ({ value, at: this.positions.ofKey(list, index, this.atKey(key)) }))
  }

  inner(key: string, what: string): Reader {
    return new Reader(this.value(key) ?? {}, what, this.positions, this.atKey(key))
  }

  /** Keys that say something about the cloud's machines, and nothing here. */
  ignore(...keys: string[]): void {
    for (const key of keys) this.#known.add(key)
  }

  /** @throws PipelineError for a key that nobody asked for */
  done(): void {
    const strange = Object.keys(this.map).find((key) => !this.#known.has(key))
    if (strange === undefined) return
    const known = [...this.#known].join(', ')
    throw this.error(strange, `the rehearsal does not know ${strange} in ${this.what}. It knows: ${known}`)
  }
}
