import { ExpressionError } from './errors.js'
import { type Value, Version } from './values.js'

export type Expression =
  | { type: 'literal'; value: Value }
  | { type: 'name'; name: string }
  /** `object.key`, `object['key']`; without a key it is `object.*`. */
  | { type: 'index'; object: Expression; key?: Expression }
  | { type: 'call'; name: string; args: Expression[] }

interface Token {
  type: 'string' | 'number' | 'name' | 'symbol' | 'end'
  text: string
}

const TOKEN = /\s*(?:('(?:[^']|'')*')|([-+]?\.?\d[\w.]*)|([A-Za-z_]\w*)|([()[\],.*])|(\S))/y

function tokenise(text: string): Token[] {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const [, string, number, name, symbol, unknown] = TOKEN.exec(text) ?? []
    if (string !== undefined) tokens.push({ type: 'string', text: string.slice(1, -1).replaceAll("''", "'") })
    else if (number !== undefined) tokens.push({ type: 'number', text: number })
    else if (name !== undefined) tokens.push({ type: 'name', text: name })
    else if (symbol !== undefined) tokens.push({ type: 'symbol', text: symbol })
    else if (unknown === "'") throw new ExpressionError(`a ' is not closed in the expression: ${text.trim()}`)
    else throw new ExpressionError(`unexpected ${unknown} in the expression: ${text.trim()}`)
  }
  return [...tokens, { type: 'end', text: 'its end' }]
}

/**
 * Reads an expression, without its `${{ }}` or `$[ ]`.
 * @throws ExpressionError when it is none
 */
export function parseExpression(text: string): Expression {
  const tokens = tokenise(text)
  let position = 0
  const peek = (): Token => tokens[position] as Token
  const wrong = (wanted: string): never => {
    throw new ExpressionError(`expected ${wanted}, found ${peek().text} in the expression: ${text.trim()}`)
  }
  const accept = (symbol: string): boolean => {
    if (peek().type !== 'symbol' || peek().text !== symbol) return false
    position++
    return true
  }
  const expect = (symbol: string) => accept(symbol) || wrong(symbol)

  const args = (): Expression[] => {
    if (accept(')')) return []
    const list = [expression()]
    while (accept(',')) list.push(expression())
    expect(')')
    return list
  }
  const primary = (): Expression => {
    const token = peek()
    if (token.type !== 'string' && token.type !== 'number' && token.type !== 'name') return wrong('a value')
    position++
    if (token.type === 'string') return { type: 'literal', value: token.text }
    if (token.type === 'number') return { type: 'literal', value: number(token.text) }
    if (accept('(')) return { type: 'call', name: token.text, args: args() }
    if (/^(true|false)$/i.test(token.text)) return { type: 'literal', value: /^true$/i.test(token.text) }
    return { type: 'name', name: token.text }
  }
  const expression = (): Expression => {
    let object = primary()
    for (;;) {
      if (accept('.')) {
        if (accept('*')) object = { type: 'index', object }
        else if (peek().type !== 'name') wrong('a name after the dot')
        else
          object = {
            type: 'index',
            object,
            key: { type: 'literal', value: (tokens[position++] as Token).text },
          }
      } else if (accept('[')) {
        object = accept('*') ? { type: 'index', object } : { type: 'index', object, key: expression() }
        expect(']')
      } else return object
    }
  }

  const result = expression()
  if (peek().type !== 'end') wrong('its end')
  return result
}

function number(text: string): Value {
  if (/^[-+]?(\d+\.?\d*|\.\d+)$/.test(text)) return Number(text)
  const version = Version.parse(text)
  if (version) return version
  throw new ExpressionError(`${text} is neither a number nor a version`)
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
  if (rest !== '') parts.push(rest)
  return parts
}

/** Calls `visit` for an expression and everything in it. */
export function walkExpression(expression: Expression, visit: (each: Expression) => void): void {
  visit(expression)
  if (expression.type === 'call') for (const each of expression.args) walkExpression(each, visit)
  if (expression.type === 'index') {
    walkExpression(expression.object, visit)
    if (expression.key) walkExpression(expression.key, visit)
  }
}
