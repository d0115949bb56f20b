import { ExpressionError } from './errors.js'
import type { Value } from './values.js'

export type Expression =
  | { type: 'literal'; value: Value }
  | { type: 'name'; name: string }
  /** `object.key` and `object['key']`. */
  | { type: 'index'; object: Expression; key: Expression }
  | { type: 'call'; name: string; args: Expression[] }

const TOKEN = /\s*('(?:[^']|'')*'|[-+]?\.?\d[\w.]*|[A-Za-z_]\w*|\S)/y
const NAME = /^[A-Za-z_]/

/**
 * Reads an expression, without its `${{ }}` or `$[ ]`.
 * @throws ExpressionError when it is none
 */
export function parseExpression(text: string): Expression {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) tokens.push(match[1] ?? '')
  const fail = (problem: string): never => {
    throw new ExpressionError(`${problem} in the expression: ${text.trim()}`)
  }
  if (tokens.includes("'")) fail("a ' is not closed")
  let position = 0
  const accept = (symbol: string) => tokens[position] === symbol && ++position > 0
  const expect = (symbol: string) =>
    accept(symbol) || fail(`expected ${symbol}, found ${tokens[position] ?? 'its end'}`)

  const value = (): Expression => {
    const token = tokens[position++] ?? fail('expected a value, found its end')
    if (token.startsWith("'")) return { type: 'literal', value: token.slice(1, -1).replaceAll("''", "'") }
    if (/\d/.test(token) && !NAME.test(token)) {
      if (Number.isNaN(Number(token))) fail(`${token} is no number. A version is written in 'single quotes'`)
      return { type: 'literal', value: Number(token) }
    }
    if (!NAME.test(token)) fail(`unexpected ${token}`)
    if (accept('(')) return { type: 'call', name: token, args: args() }
    const isLiteral = /^(true|false)$/i.test(token)
    return isLiteral ? { type: 'literal', value: /^true$/i.test(token) } : { type: 'name', name: token }
  }
  const args = (): Expression[] => {
    if (accept(')')) return []
    const list = [expression()]
    while (accept(',')) list.push(expression())
    expect(')')
    return list
  }
  const expression = (): Expression => {
    let object = value()
    for (;;) {
      if (accept('.')) {
        const name = tokens[position++] ?? ''
        if (!NAME.test(name)) fail(`expected a name after the dot, found ${name || 'its end'}`)
        object = { type: 'index', object, key: { type: 'literal', value: name } }
      } else if (accept('[')) {
        object = { type: 'index', object, key: expression() }
        expect(']')
      } else return object
    }
  }
  const result = expression()
  if (position < tokens.length) fail(`expected its end, found ${tokens[position]}`)
  return result
}

/** Calls `visit` for an expression and everything in it. */
export function walkExpression(expression: Expression, visit: (each: Expression) => void): void {
  visit(expression)
  const { type } = expression
  const parts =
    type === 'call' ? expression.args : type === 'index' ? [expression.object, expression.key] : []
  for (const each of parts) walkExpression(each, visit)
}

/** A text's parts: plain ones, and the expressions of its `${{ }}`. */
export type Part = string | { expression: string }

/**
 * Finds the `${{ }}` of a text.
 * @throws ExpressionError when one is not closed
 */
export function templateParts(text: string): Part[] {
  const parts: Part[] = []
  let rest = text
  for (let start = rest.indexOf('${{'); start >= 0; start = rest.indexOf('${{')) {
    if (start > 0) parts.push(rest.slice(0, start))
    // Quotes hide braces: ${{ 'my${{value}}' }}
    const inner = /^\$\{\{((?:'(?:[^']|'')*'|[^'])*?)\}\}/s.exec(rest.slice(start))
    if (!inner) throw new ExpressionError(`a \${{ is not closed by }} in: ${rest.slice(start).trim()}`)
    parts.push({ expression: (inner[1] ?? '').trim() })
    rest = rest.slice(start + inner[0].length)
  }
  return rest === '' ? parts : [...parts, rest]
}
