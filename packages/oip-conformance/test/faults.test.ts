import { expect, test } from '@jest/globals'
import { runConformance } from '../src/index.js'
import { checks } from '../src/run.js'
import { faults } from './faults/index.js'
import { MAX_BODY_BYTES, MODEL, reference } from './reference.js'
import { servers } from './server.js'

const serve = servers()

test.each(faults)('when $broken, then the check "$caughtBy" fails', async ({ breakIt, caughtBy }) => {
  const baseUrl = await serve(breakIt(reference()))
  const results = await runConformance({ baseUrl, model: MODEL, maxBodyBytes: MAX_BODY_BYTES })
  const failed = results.filter(({ status }) => status === 'failed')
  expect(failed.map(({ name }) => name)).toContain(caughtBy)
  expect(failed.every(({ found }) => found !== undefined && found !== '')).toBe(true)
})

test('when every fault has been tried, then each check has been seen to fail', () => {
  const seen = new Set(faults.map(({ caughtBy }) => caughtBy))
  expect(checks.map(({ name }) => name).filter((name) => !seen.has(name))).toEqual([])
})

test('when checks are listed, then no two have the same name', () => {
  const names = checks.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})
