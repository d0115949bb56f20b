import { search } from '@jmespath-community/jmespath'
import { AzError } from './commands.js'

type Json = Parameters<typeof search>[0]

/**
 * What az prints: the part that `--query` chooses, in the form that `--output` names.
 * @throws AzError when the query does not fit the answer
 */
export function render(answer: unknown, query: string | undefined, output = 'json'): string {
  if (answer === undefined || output === 'none') return ''
  const chosen = query === undefined ? answer : choose(answer, query)
  if (chosen === null) return ''
  if (output === 'tsv') return tsv(chosen)
  return `${JSON.stringify(chosen, null, 2)}\n`
}

function choose(answer: unknown, query: string): unknown {
  try {
    return search(answer as Json, query)
  } catch (error) {
    throw new AzError(`the query '${query}' does not fit the answer: ${(error as Error).message}`, 1)
  }
}

/** One line for each member of a list; the members of its members with tabs between, and in Python's words. */
function tsv(value: unknown): string {
  const rows = Array.isArray(value) ? value : [value]
  return rows
    .map((row) => {
      const isList = typeof row === 'object' && row !== null
      return `${isList ? Object.values(row).map(cell).join('\t') : cell(row).replace(/^(True|False)$/, lower)}\n`
    })
    .join('')
}

const lower = (word: string) => word.toLowerCase()

function cell(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (value === null || value === undefined) return 'None'
  if (Array.isArray(value)) return String(value.length)
  return typeof value === 'object' ? '' : String(value)
}
