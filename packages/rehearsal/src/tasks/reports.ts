import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { glob } from 'tinyglobby'
import { type Task, type TaskContext, TaskFailure } from './task.js'

interface Suite {
  testcase?: { failure?: unknown; error?: unknown; skipped?: unknown }[]
  testsuite?: Suite[]
}

/** PublishTestResults@2 for JUnit: checks that the files are what they should be, and counts. */
export const publishTestResults: Task = {
  needs: ['testResultsFormat', 'testResultsFiles'],
  takes: ['testRunTitle', 'mergeTestResults', 'failTaskOnFailedTests', 'failTaskOnMissingResultsFile'],
  async run(context) {
    const { testResultsFormat, testResultsFiles = '', testRunTitle: title = 'Tests' } = context.inputs
    const { failTaskOnFailedTests, failTaskOnMissingResultsFile } = context.inputs
    if (testResultsFormat !== 'JUnit')
      throw new TaskFailure(`testResultsFormat ${testResultsFormat} is not known here`)
    const summary = { title, passed: 0, failed: 0, skipped: 0 }
    for (const { file, root } of await read(context, testResultsFiles, failTaskOnMissingResultsFile)) {
      if (root.testsuites === undefined && root.testsuite === undefined)
        throw new TaskFailure(`${file}: no JUnit: it has neither testsuites nor testsuite`)
      const cases = casesOf((root.testsuites || root) as Suite)
      for (const { failure, error, skipped } of cases) {
        if (skipped !== undefined) summary.skipped++
        else if (failure !== undefined || error !== undefined) summary.failed++
        else summary.passed++
      }
      context.log(`${file}: ${cases.length} tests`)
    }
    context.run.record.tests.push(summary)
    context.log(`${title}: ${summary.passed} passed, ${summary.failed} failed, ${summary.skipped} skipped`)
    if (summary.failed > 0 && failTaskOnFailedTests === 'true')
      throw new TaskFailure(`${summary.failed} tests failed`)
  },
}

/** PublishCodeCoverageResults@2 for Cobertura: adds up the covered lines. */
export const publishCoverage: Task = {
  needs: ['summaryFileLocation'],
  takes: ['pathToSources', 'failIfCoverageEmpty'],
  async run(context) {
    const { summaryFileLocation = '', failIfCoverageEmpty } = context.inputs
    let [covered, valid] = [0, 0]
    for (const { file, root } of await read(context, summaryFileLocation, failIfCoverageEmpty)) {
      const coverage = root.coverage as Record<string, string> | undefined
      if (coverage?.['@lines-valid'] === undefined) throw new TaskFailure(`${file} is no Cobertura report`)
      covered += Number(coverage['@lines-covered'])
      valid += Number(coverage['@lines-valid'])
    }
    if (valid === 0) return
    context.run.record.coverage = `${((100 * covered) / valid).toFixed(1)} % of ${valid} lines`
    context.log(`Coverage: ${context.run.record.coverage}`)
  },
}

/** The XML files that fit one of the patterns. */
async function read({ job, warn }: TaskContext, patterns: string, mustBe = 'false') {
  const ignore = ['**/node_modules/**', '**/.git/**']
  const options = { cwd: job.sources, ignore, dot: true, expandDirectories: false }
  const files = await glob(
    patterns
      .split('\n')
      .map((each) => each.trim())
      .filter(Boolean),
    options,
  )
  if (files.length === 0) {
    const reason = `no file is ${patterns.trim()}`
    if (mustBe === 'true') throw new TaskFailure(reason)
    warn(reason)
  }
  const isArray = (tag: string) => tag === 'testsuite' || tag === 'testcase'
  const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '@', isArray })
  const roots = files.sort().map(async (file) => {
    const xml = await readFile(join(job.sources, file), 'utf8')
    const valid = XMLValidator.validate(xml)
    if (valid !== true) throw new TaskFailure(`${file}:${valid.err.line}: no XML: ${valid.err.msg}`)
    return { file, root: parser.parse(xml) as Record<string, unknown> }
  })
  return await Promise.all(roots)
}

function casesOf(suite: Suite): NonNullable<Suite['testcase']> {
  return [...(suite.testcase ?? []), ...(suite.testsuite ?? []).flatMap(casesOf)]
}
