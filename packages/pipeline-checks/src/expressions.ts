import { type Expression, ExpressionError, parseExpression, walkExpression } from '@repo/rehearsal/expand'

/** What an expression names: `a.b['c']` as [a, b, c], the longest only; and the functions it calls, in lower case. */
export interface Names {
  paths: string[][]
  calls: string[]
}

/**
 * The names in an expression.
 * @param problem is told when it is none
 */
export function namesIn(text: string, problem: (message: string) => void = () => {}): Names {
  const [paths, calls]: [string[][], string[]] = [[], []]
  try {
    walkExpression(parseExpression(text), (each) => {
      const path = pathOf(each)
      if (path) paths.push(path)
      if (each.type === 'call') calls.push(each.name.toLowerCase())
    })
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    problem(error.message)
  }
  const isPart = (path: string[]) =>
    paths.some((other) => other.length > path.length && path.every((key, n) => other[n] === key))
  return { paths: paths.filter((path) => !isPart(path)), calls }
}

function pathOf(each: Expression): string[] | undefined {
  if (each.type === 'name') return [each.name]
  if (each.type !== 'index' || each.key.type !== 'literal') return undefined
  const before = pathOf(each.object)
  return before && [...before, String(each.key.value)]
}
