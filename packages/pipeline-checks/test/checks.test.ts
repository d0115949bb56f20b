import { spawnSync } from 'node:child_process'
import { chmod, cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { checkActions } from '../src/actions.js'
import { checkGraph } from '../src/check.js'
import { env } from '../src/env.js'
import type { Finding } from '../src/finding.js'
import { report } from '../src/finding.js'
import { Repository } from '../src/repository.js'
import { checkSchema } from '../src/schema.js'
import { checkScripts } from '../src/scripts.js'
import {
  actionsMistakes,
  graphMistakes,
  type Mistake,
  schemaMistakes,
  scriptMistakes,
  workflow,
} from './seeded-mistakes.js'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const real = new Repository(ROOT)
const schema = env.AZURE_PIPELINES_SCHEMA
const hasShellcheck = !spawnSync('shellcheck', ['--version']).error
const describeWithShellcheck = hasShellcheck ? describe : describe.skip
const describeWithSchema = schema ? describe : describe.skip
const folder = temporaryFolders()

test('when the real pipelines are checked, then the graph has no mistake', () => {
  expect(report(checkGraph(real))).toEqual([])
})

test('when the real workflows are checked, then they have no mistake', () => {
  expect(report(checkActions(real))).toEqual([])
})

/** A copy of everything that is checked, with one mistake in it. */
async function withMistake({ file, from, to }: Mistake): Promise<Repository> {
  const root = await folder()
  for (const each of ['azure-pipelines', '.github'])
    await cp(join(ROOT, each), join(root, each), { recursive: true })
  for (const each of [...real.list('deploy/scripts', '.sh')]) await cp(join(ROOT, each), join(root, each))
  const text = await readFile(join(root, file), 'utf8')
  // A mistake that fits nowhere any more would prove nothing.
  expect(text).toContain(from)
  await writeFile(
    join(root, file),
    text.replace(from, () => to),
  )
  return new Repository(root)
}

function expectFound(repository: Repository, findings: Finding[], mistake: Mistake): void {
  const file = mistake.in ?? mistake.file
  const lines = repository.read(file).split('\n')
  const at = mistake.at ?? mistake.to.trim().split('\n')[0] ?? ''
  const matching = findings.filter(({ rule, message }) => rule === mistake.rule && mistake.says.test(message))
  const places = matching.map((each) => ({
    file: each.file,
    hasText: (lines[each.line - 1] ?? '').includes(at),
  }))
  expect({ findings: report(findings), places }).toMatchObject({
    places: expect.arrayContaining([{ file, hasText: true }]),
  })
}

describe('seeded mistakes in the pipelines', () => {
  test.each(graphMistakes)('when there is $name, then the check names it', async (mistake) => {
    const repository = await withMistake(mistake)
    expectFound(repository, checkGraph(repository), mistake)
  })

  test('when a template is used by no pipeline, then the check names it', async () => {
    const repository = await withMistake({ ...(graphMistakes[0] as Mistake), from: '', to: '' })
    await writeFile(repository.path('azure-pipelines/templates/steps/old.yml'), 'steps: []\n')
    expect(report(checkGraph(repository))).toEqual([
      expect.stringMatching(/^azure-pipelines\/templates\/steps\/old.yml:1: \[unused\]/),
    ])
  })

  test('when a script is not executable, then the check names it', async () => {
    const repository = await withMistake({ ...(graphMistakes[0] as Mistake), from: '', to: '' })
    await chmod(repository.path('deploy/scripts/revision.sh'), 0o644)
    expect(report(checkGraph(repository))).toContainEqual(
      expect.stringMatching(
        /^azure-pipelines\/templates\/jobs\/deploy.yml:\d+: \[steps\] .*revision.sh is not executable/,
      ),
    )
  })

  test('when variables.yml is missing, then that is an error and no crash', async () => {
    const repository = await withMistake({ ...(graphMistakes[0] as Mistake), from: '', to: '' })
    await rm(repository.path('azure-pipelines/templates/variables.yml'))
    expect(report(checkGraph(repository))).toContainEqual(
      expect.stringMatching(/there is no file .*variables.yml/),
    )
  })
})

const WITHOUT_WORKFLOW = real.exists(workflow) ? '' : ' [skipped: the workflow was left out of this fork]'
const describeWithWorkflow = WITHOUT_WORKFLOW === '' ? describe : describe.skip
describeWithWorkflow(`seeded mistakes in the workflows${WITHOUT_WORKFLOW}`, () => {
  test.each(actionsMistakes)('when there is $name, then the check names it', async (mistake) => {
    const repository = await withMistake(mistake)
    expectFound(repository, checkActions(repository), mistake)
  })
})

const WITHOUT_SHELLCHECK = hasShellcheck ? '' : ' [skipped: shellcheck is not installed]'
describeWithShellcheck(`scripts${WITHOUT_SHELLCHECK}`, () => {
  test('when the real scripts are checked, then they have no mistake', () => {
    expect(report(checkScripts(real).findings)).toEqual([])
  })

  test.each(scriptMistakes)('when there is $name, then the check names it', async (mistake) => {
    const repository = await withMistake(mistake)
    expectFound(repository, checkScripts(repository).findings, mistake)
  })
})

const WITHOUT_SCHEMA = schema ? '' : ' [skipped: AZURE_PIPELINES_SCHEMA is not set]'
describeWithSchema(`schema${WITHOUT_SCHEMA}`, () => {
  test('when the real pipelines are checked, then they fit the schema', async () => {
    expect(report((await checkSchema(real, schema)).findings)).toEqual([])
  })

  test.each(schemaMistakes)('when there is $name, then the check names it', async (mistake) => {
    const repository = await withMistake(mistake)
    expectFound(repository, (await checkSchema(repository, schema)).findings, mistake)
  })
})

describe('without the schema', () => {
  let root: string
  beforeEach(async () => {
    root = await folder()
  })

  test('when there is none, then the check says so and how to get it', async () => {
    const { findings, skipped } = await checkSchema(new Repository(root), undefined)
    expect(findings).toEqual([])
    expect(skipped).toEqual([{ check: 'schema', why: expect.stringContaining('AZURE_PIPELINES_SCHEMA') }])
  })
})
