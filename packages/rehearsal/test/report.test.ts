import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { XMLValidator } from 'fast-xml-parser'
import { View } from '../src/report/view.js'
import { writeReport } from '../src/report/write.js'
import type { RunRecord } from '../src/run/record.js'
import { fixture } from './fixture.js'

const temporaryFolder = temporaryFolders()
let printed = ''
let run: RunRecord
let folder = ''

beforeAll(async () => {
  const root = await temporaryFolder()
  folder = join(root, '.local/report')
  const pipelines = await fixture(root, { 'summary.md': '## Tests\n\nall <good>\n' })
  const view = new View({
    ...{ isLive: false, isColoured: false, reportFolder: folder },
    write: (text: string) => {
      printed += text
    },
  })
  const yaml = `
stages:
- stage: A
  displayName: First & foremost
  jobs:
  - job: A1
    steps:
    - script: echo "##vso[task.uploadsummary]$PWD/summary.md"
      displayName: good
    - script: echo "a <b>"; echo "##vso[task.logissue type=warning]careful"; exit 4
      displayName: bad
    - script: echo
      displayName: never
- stage: B
  jobs: [{ job: B1, steps: [{ checkout: none }] }]
`
  const changed = () => view.changed()
  run = (await pipelines.run(yaml, { changed, begin: (record) => view.begin(record) })).run
  await writeReport([run], folder)
})

describe('the report', () => {
  test('when a step fails, then the page shows graph, times and its log, and needs nothing from elsewhere', async () => {
    const page = await readFile(join(folder, 'index.html'), 'utf8')
    expect(page).toContain('<svg')
    expect(page).toContain('First &amp; foremost')
    expect(page).toMatch(
      /<details open><summary><span class="Failed">✖<\/span> bad<\/summary><pre>a &lt;b&gt;/,
    )
    expect(page).toContain('class="bar Failed"')
    expect(page).not.toMatch(/(src|href)=|@import|url\(["']?http/)
  })

  test('when a step fails, then JUnit has it as a failure and what came after as skipped', async () => {
    const xml = await readFile(join(folder, 'junit.xml'), 'utf8')
    expect(XMLValidator.validate(xml)).toBe(true)
    expect(xml).toMatch(/name="bad" time="[\d.]+"><failure message="exit code 4">/)
    expect(xml).toMatch(/name="never" time="0"><skipped\/>/)
  })

  test('when a step fails, then the summary says where, with the file and line, and what was not run', async () => {
    const text = await readFile(join(folder, 'summary.md'), 'utf8')
    expect(text).toContain('- error: First & foremost / A1 / bad: exit code 4 (.local/pipeline.yml:10)')
    expect(text).toContain('| B | - Skipped |  | what it depends on did not succeed |')
    expect(text).toContain('### Tests\n\nall <good>')
    expect(text).toContain('Service connections that were used: none')
  })

  test('when there is no terminal, then steps are printed as they end, a failed one with its log', () => {
    expect(printed).toMatch(/ {2}✔ good [\d.]+ s\n/)
    expect(printed).toMatch(
      / {2}✖ bad [\d.]+ s\n {6}a <b>\n {6}##\[warning\]careful\n {6}##\[error\]exit code 4\n {6}\(\.local\/pipeline\.yml:10\)/,
    )
    expect(printed).toContain('- B Skipped: what it depends on did not succeed')
    expect(printed).not.toContain('\x1b')
  })
})
