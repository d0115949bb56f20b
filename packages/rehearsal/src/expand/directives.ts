import { locate, PipelineError, type Position } from './errors.js'
import { evaluate } from './evaluate.js'
import { isMap, toBoolean, type ValueMap } from './values.js'

/** `${{ if }}` and its like, as keys of mappings or alone in an item of a list. */
export interface Directive {
  kind: 'if' | 'elseif' | 'else' | 'insert' | 'each'
  expression: string
  /** The loop variable of each. */
  variable: string
}

/** How an if ended so far, for the else after it. */
export type Chain = 'none' | 'open' | 'taken'

/**
 * The directive that a key is, if it is one.
 * @throws PipelineError when it is only the beginning of one
 */
export function parseDirective(key: string, at: Position): Directive | undefined {
  const match = /^\$\{\{\s*(if|elseif|else|each|insert)\b(.*)\}\}$/s.exec(key.trim())
  if (!match) return undefined
  const [kind, rest = ''] = [match[1] as Directive['kind'], match[2]?.trim()]
  const [, variable = '', collection] = /^(\w+)\s+in\s+(.+)$/s.exec(rest) ?? []
  const takesNothing = kind === 'else' || kind === 'insert'
  if (takesNothing !== (rest === '') || (kind === 'each' && !collection))
    throw new PipelineError(`this is no complete directive: ${key}`, at)
  return { kind, variable, expression: kind === 'each' ? (collection ?? '') : rest }
}

/** The names with which a directive's content is expanded, once for each, and how an `else` after it goes on. */
export function follow(
  { kind, expression, variable }: Directive,
  chain: Chain,
  names: ValueMap,
  at: Position,
): { scopes: ValueMap[]; next: Chain } {
  const value = () => locate(at, () => evaluate(expression, { names }))
  if (kind === 'insert') return { scopes: [names], next: 'none' }
  if (kind === 'each') {
    const items = value()
    const pairs = isMap(items) ? Object.entries(items).map(([key, each]) => ({ key, value: each })) : []
    const loop = Array.isArray(items) ? items : pairs
    return { scopes: loop.map((item) => ({ ...names, [variable]: item })), next: 'none' }
  }
  if (kind !== 'if' && chain === 'none') throw new PipelineError(`\${{ ${kind} }} must follow an if`, at)
  const isOpen = kind === 'if' || chain === 'open'
  const isTaken = isOpen && (kind === 'else' || toBoolean(value()))
  const next = kind === 'else' ? 'none' : isTaken || !isOpen ? 'taken' : 'open'
  return { scopes: isTaken ? [names] : [], next }
}
