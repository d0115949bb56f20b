import { execFile, spawnSync } from 'node:child_process'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import type { Results } from '../src/results.js'

const temporaryFolder = temporaryFolders()
const bench = fileURLToPath(new URL('../bin/bench.js', import.meta.url))
const hasWrk = spawnSync('wrk', ['--version']).error === undefined

function run(...args: string[]) {
  return promisify(execFile)(process.execPath, [bench, ...args])
}

test('when it runs for a moment, then it writes figures, a chart and the report', async () => {
  const out = await temporaryFolder()
  const report = join(out, 'report.md')
  await writeFile(
    report,
    'before\n<!-- measured: begin -->\nthe last report\n<!-- measured: end -->\nafter\n',
  )
  const { stdout } = await run('--smoke', '--only', 'sample', '--out', out, '--report', report)
  expect(stdout).toContain('Sample model')

  const results = JSON.parse(await readFile(join(out, 'results.json'), 'utf8')) as Results
  expect(results.cases).toHaveLength(1)
  expect(results.cases[0]?.limit.median).toBeGreaterThan(0)
  for (const { median } of Object.values(results.cases[0]?.coldStart ?? {})) expect(median).toBeGreaterThan(0)
  expect(results.skipped.join()).toContain('Flask')

  expect(await readFile(join(out, 'chart.svg'), 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s)
  const text = await readFile(report, 'utf8')
  expect(text).toMatch(/^before\n.*\nafter\n$/s)
  expect(text).not.toContain('the last report')
  expect(text).toContain('![Requests per second')
})

const withWrk = hasWrk ? test : test.skip
withWrk(
  `when wrk is there, then app and naive server answer everything${hasWrk ? '' : ' [skipped: wrk is not installed]'}`,
  async () => {
    const out = await temporaryFolder()
    await run('--smoke', '--only', 'sample', '--out', out)
    const results = JSON.parse(await readFile(join(out, 'results.json'), 'utf8')) as Results
    const servers = results.cases[0]?.servers ?? []
    expect(servers.map(({ server }) => server)).toEqual(['app', 'naive'])
    for (const { loads } of servers) {
      expect(loads).toHaveLength(1)
      expect(loads[0]?.failures).toBe(0)
      expect(loads[0]?.requestsPerSecond.median).toBeGreaterThan(0)
    }
  },
)

test('when only pulling is measured, then both stores have figures, and the report its section', async () => {
  const out = await temporaryFolder()
  const report = join(out, 'report.md')
  const markers = ['measured', 'pull'].map(
    (name) => `<!-- ${name}: begin -->\n${name}\n<!-- ${name}: end -->\n`,
  )
  await writeFile(report, markers.join(''))
  await run('--smoke', '--only', 'pull', '--out', out, '--report', report)
  const { pulls } = JSON.parse(await readFile(join(out, 'results.json'), 'utf8')) as Results
  expect(pulls.map(({ store }) => store)).toEqual(['Azure Blob (Azurite)', 'S3 (stand-in)'])
  for (const { bare, pull, warmRequests } of pulls) {
    expect(Math.min(bare.median, pull.median)).toBeGreaterThan(0)
    expect(warmRequests).toBe(1)
  }
  const text = await readFile(report, 'utf8')
  expect(text).toContain('share of a bare download')
  expect(text).toContain(markers[0])
})

test('when the case is unknown, then it names those that there are', async () => {
  await expect(run('--smoke', '--only', 'alexnet')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining(
      'there is no case "alexnet"; there are sample, sample-1, mobilenet, resnet50',
    ),
  })
})

test('when the report has no markers, then it says which ones it wants, before it measures', async () => {
  const out = await temporaryFolder()
  const report = join(out, 'report.md')
  await copyFile(new URL('../package.json', import.meta.url), report)
  await expect(run('--smoke', '--only', 'sample', '--out', out, '--report', report)).rejects.toMatchObject({
    stderr: expect.stringContaining('<!-- measured: begin -->'),
  })
})
