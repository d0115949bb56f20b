import { describe, expect, test } from '@jest/globals'
import { parseJson } from '../src/worker/json.js'

const listOf = (count: number, element: string) => `[${Array(count).fill(element).join(',')}]`

/** What is said of a text of which no more than 30,000 values are taken. */
function refusal(text: string | Buffer) {
  try {
    parseJson(text, 'the body', 30_000)
    return undefined
  } catch (error) {
    const { code, message } = error as Error & { code: string }
    return { code, message }
  }
}

describe('JSON that would take far more memory than its text', () => {
  test.each([
    ['values', listOf(40_000, '0'), '30000 values'],
    ['lists', '['.repeat(500_001), '500000 lists'],
    ['objects', listOf(10_001, '{}'), '10000 objects'],
    ['keys', `{${Array(10_001).fill('"a":0').join(',')}}`, '10000 keys'],
  ])('when it holds too many %s, then it is refused and told how many are taken', (_, text, most) => {
    const wanted = {
      code: 'body-too-large',
      message: expect.stringContaining(`the body holds more than ${most}`),
    }
    expect(refusal(text)).toEqual(wanted)
    expect(refusal(Buffer.from(text))).toEqual(wanted)
  })

  test('when it holds just as many as are taken, then it is read', () => {
    for (const text of [listOf(30_001, '0'), listOf(9_999, '{}'), listOf(9_999, '[{}]')])
      expect(refusal(text)).toBeUndefined()
  })

  test('when the same signs stand in texts, then they do not count', () => {
    const signs = '[{:,'.repeat(20_000)
    for (const value of [signs, `${signs}"${signs}`, `\\${signs}`, `${signs}\\`, `\\"${signs}\\\\"`])
      expect(parseJson(JSON.stringify([value, 1]), 'the body', 30_000)).toEqual([value, 1])
  })

  test('when they stand behind such texts, then they count', () => {
    for (const text of ['a\\', '"', '\\"', 'é'.repeat(10), ''])
      expect(refusal(`[${JSON.stringify(text)},${listOf(10_001, '{}')}]`)?.code).toBe('body-too-large')
  })

  test('when a text does not end, then it is no JSON', () => {
    expect(refusal(`["${'a'.repeat(20_000)}`)?.code).toBe('malformed-json')
  })
})
