import { describe, expect, test } from '@jest/globals'
import { firstMissing } from '../src/compare.js'

describe('firstMissing', () => {
  const SAME: [string, string, string][] = [
    ['times differ', 'ok Published (0.7 s)', 'ok Published (12.0 s)'],
    [
      'ports and addresses differ',
      'at azurite://127.0.0.1:33545/models',
      'at azurite://10.98.0.1:10000/models',
    ],
    ['hashes differ', 'digest: sha256:0123456789ab', 'digest: sha256:ba98765432100'],
    ['sizes differ', 'image 130.2 MB', 'image 99 MB'],
    [
      "pods' names differ",
      'pod/inference-7c9d8f6b5-x2x4z Running',
      'pod/inference-66bd49bc88-gl9pd   Running',
    ],
    ['lines stand between', 'first\nlast', 'first\nother\nlast'],
    ['colours are used', 'ok done', '\u001b[32mok\u001b[0m done'],
    ['there are placeholders', 'version <version> of <date>', 'version 3.2 of today'],
    ['something is left out', 'begin ... end\n...\nlast', 'begin and end\nmore\nlast'],
  ]
  test.each(SAME)('when %s, then nothing is missing', (_name, shown, real) => {
    expect(firstMissing(shown, real)).toBeUndefined()
  })

  const DIFFERENT: [string, string, string, string][] = [
    ['a word differs', 'ok Published 1.0.0', 'ok Published 2.0.0', 'ok Published 1.0.0'],
    ['a line has more', 'ok', 'ok so far', 'ok'],
    ['the order differs', 'a\nb', 'b\na', 'b'],
    ['a line comes once and is shown twice', 'a\na', 'a', 'a'],
    ['characters have a meaning in patterns', 'a.c', 'abc', 'a.c'],
  ]
  test.each(DIFFERENT)('when %s, then that line is told', (_name, shown, real, line) => {
    expect(firstMissing(shown, real)).toBe(line)
  })
})
