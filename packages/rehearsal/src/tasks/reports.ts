import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { XMLValidator } from 'fast-xml-parser'
import { glob } from 'tinyglobby'
import { type Task, type TaskContext, TaskFailure } from './task.js'

/** PublishTestResults@2 for JUnit: checks that the files are what they should be, and counts. */
export const publishTestResults: Task = {
  needs: ['testResultsFormat', 'testResultsFiles'],
  takes: ['testRunTitle', 'mergeTestResults', 'failTaskOnFailedTests', 'failTaskOnMissingResultsFile'],
  async run({ inputs, job, run, log, warn }) {
    const { testResultsFormat, testResultsFiles = '', testRunTitle: title = 'Tests' } = inputs
    if (testResultsFormat !== 'JUnit')
      throw new TaskFailure(`testResultsFormat ${testResultsFormat} is not known here`)
    const cases: string[] = []
    for (const { file, xml } of await read(
      job,
      warn,
      testResultsFiles,
      inputs.failTaskOnMissingResultsFile,
    )) {
      if (!/<testsuites?\b/.test(xml))
        throw new TaskFailure(`${file}: no JUnit: it has neither testsuites nor testsuite`)
      cases.push(...xml.split(/<testcase\b/).slice(1))
    }
    const skipped = cases.filter((each) => /<skipped\b/.test(each)).length
    const failed = cases.filter((each) => /<(failure|error)\b/.test(each)).length
    const passed = cases.length - failed - skipped
    run.record.tests.push({ title, passed, failed, skipped })
    log(`${title}: ${passed} passed, ${failed} failed, ${skipped} skipped`)
    if (failed > 0 && inputs.failTaskOnFailedTests === 'true') throw new TaskFailure(`${failed} tests failed`)
  },
}

/** PublishCodeCoverageResults@2 for Cobertura: adds up the covered lines. */
export const publishCoverage: Task = {
  needs: ['summaryFileLocation'],
  takes: ['failIfCoverageEmpty'],
  async run({ inputs, job, run, log, warn }) {
    const { summaryFileLocation = '', failIfCoverageEmpty } = inputs
    let [covered, valid] = [0, 0]
    for (const { file, xml } of await read(job, warn, summaryFileLocation, failIfCoverageEmpty)) {
      const [coverage = ''] = /<coverage\b[^>]*>/.exec(xml) ?? []
      const [of, all] = ['lines-covered', 'lines-valid'].map(
        (each) => new RegExp(`${each}="(\\d+)"`).exec(coverage)?.[1],
      )
      if (all === undefined) throw new TaskFailure(`${file} is no Cobertura report`)
      covered += Number(of)
      valid += Number(all)
    }
    if (valid === 0) return
    run.record.coverage = `${((100 * covered) / valid).toFixed(1)} % of ${valid} lines`
    log(`Coverage: ${run.record.coverage}`)
  },
}

/** The XML files that fit one of the patterns. */
async function read(
  { sources }: TaskContext['job'],
  warn: TaskContext['warn'],
  patterns: string,
  mustBe = 'false',
) {
  const options = { cwd: sources, ignore: ['**/node_modules/**'], dot: true, expandDirectories: false }
  const files = await glob(patterns.trim().split(/\s*\n\s*/), options)
  if (files.length === 0 && mustBe === 'true') throw new TaskFailure(`no file is ${patterns}`)
  if (files.length === 0) warn(`no file is ${patterns}`)
  const texts = files.sort().map(async (file) => {
    const xml = await readFile(join(sources, file), 'utf8')
    const valid = XMLValidator.validate(xml)
    if (valid !== true) throw new TaskFailure(`${file}:${valid.err.line}: no XML: ${valid.err.msg}`)
    return { file, xml }
  })
  return await Promise.all(texts)
}
