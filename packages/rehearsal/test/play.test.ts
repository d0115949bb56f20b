import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { verifyBundle } from '@repo/model-bundle'
import { sampleBundles } from '@repo/sample-model'
import { temporaryFolders } from '@repo/testing'
import { differences } from '../src/play.js'
import type { JobRecord, RunRecord } from '../src/run/record.js'
import { scenarios } from '../src/scenarios.js'

const temporaryFolder = temporaryFolders()
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

  test('when the bad model is made, then all its hashes are right, and its labels are not', async () => {
    const folder = (await scenarios['bad-model']?.model?.(await temporaryFolder())) ?? ''
    const { manifest } = await verifyBundle(folder)
    expect(manifest.version).toBe('3.0.0')
    const [bad, good] = await Promise.all(
      [folder, sampleBundles.at(-1) ?? ''].map((each) => readFile(join(each, 'labels.txt'), 'utf8')),
    )
    expect(bad?.trim().split('\n').reverse()).toEqual(good?.trim().split('\n'))
  })
})
