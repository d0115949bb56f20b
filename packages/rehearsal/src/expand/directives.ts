import { PipelineError, type Position } from './errors.js'
import { scalarText } from './yaml.js'

/** `${{ if }}` and its like, as keys of mappings or alone in an item of a list. */
export interface Directive {
  kind: 'if' | 'elseif' | 'else' | 'insert' | 'each'
  expression?: string
  /** The loop variable of each. */
  variable?: string
}

const DIRECTIVE = /^\$\{\{\s*(?:(if|elseif)\s+(.+?)|(else|insert)|each\s+(\w+)\s+in\s+(.+?))\s*\}\}$/s

/**
 * The directive that a key is, if it is one.
 * @throws PipelineError when it is only the beginning of one
 */
export function parseDirective(key: string, at: Position): Directive | undefined {
  const match = DIRECTIVE.exec(key.trim())
  if (match) {
    const [, branch, condition, single, variable, collection] = match
    const kind = (branch ?? single ?? 'each') as Directive['kind']
    const expression = condition ?? collection
    return {
      kind,
      ...(expression !== undefined && { expression }),
      ...(variable !== undefined && { variable }),
    }
  }
  if (/^\$\{\{\s*(if|elseif|else|each|insert)\b/.test(key)) {
    throw new PipelineError(`this is no complete directive: ${key}`, at)
  }
  return undefined
}

/** One by one, so that each sees what those before it declared; but an if stays with its elseif and else. */
export function chains<T>(items: T[], keyOf: (item: T) => unknown): T[][] {
  const groups: T[][] = []
  for (const item of items) {
    const last = groups.at(-1)
    if (last && /^\$\{\{\s*else/.test(scalarText(keyOf(item) ?? null) ?? '')) last.push(item)
    else groups.push([item])
  }
  return groups
}
