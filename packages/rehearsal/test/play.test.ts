import { describe, expect, test } from '@jest/globals'
import { differences } from '../src/play.js'
import type { JobRecord, RunRecord } from '../src/run/record.js'
import { scenarios } from '../src/scenarios.js'

const scenario = scenarios['failing-test']!
const job = { name: 'Test', steps: [{ displayName: 'Test', result: 'Failed' }] } as unknown as JobRecord
const run = {
  ...{ name: 'inference-build', result: 'Failed', serviceConnections: [] },
  stages: [{ name: 'Verify', jobs: [job] }],
} as unknown as RunRecord

describe('a scenario', () => {
  test('when everything is as expected, then there are no differences', () => {
    expect(differences(scenario, [run], 1)).toEqual([])
  })

  test.each<[string, RunRecord[], number, string]>([
    ['the exit code is another', [run], 0, 'exit code: expected 1, found 0'],
    [
      'a further pipeline ran',
      [run, { ...run, name: 'x' }],
      1,
      'runs: expected {"inference-build":"Failed"}, found',
    ],
    [
      'another step failed',
      [{ ...run, stages: [] }],
      1,
      'the step that fails: expected inference-build/Verify/Test/Test, found none',
    ],
    [
      'a connection was used',
      [{ ...run, serviceConnections: ['x'] }],
      1,
      'connections are used: expected false, found true',
    ],
  ])('when %s, then that is told', (_, runs, code, message) => {
    expect(differences(scenario, runs, code).join()).toContain(message)
  })
})
