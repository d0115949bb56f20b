import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { glob } from './glob.js'
import { folderOf, type Task, TaskFailure } from './task.js'

interface Case {
  failure?: unknown
  error?: unknown
  skipped?: unknown
}

interface Suite {
  testcase?: Case[]
  testsuite?: Suite[]
}

const ALWAYS_LISTS = ['testsuite', 'testcase']

/** PublishTestResults@2 for JUnit: checks that the files are what they should be, and counts. */
export const publishTestResults: Task = {
  inputs: {
    ...{ testResultsFormat: true, testResultsFiles: true, testRunTitle: false, mergeTestResults: false },
    ...{ failTaskOnFailedTests: false, failTaskOnMissingResultsFile: false, searchFolder: false },
  },
  async run(context) {
    const { testResultsFormat, testResultsFiles = '', testRunTitle = 'Tests', searchFolder } = context.inputs
    if (testResultsFormat !== 'JUnit')
      throw new TaskFailure(`testResultsFormat ${testResultsFormat} is not known here`)
    const folder = searchFolder ?? folderOf(context, 'Build.SourcesDirectory')
    const files = await glob(folder, testResultsFiles.split('\n'))
    if (files.length === 0) {
      const reason = `no file in ${folder} is ${testResultsFiles}`
      if (context.inputs.failTaskOnMissingResultsFile === 'true') throw new TaskFailure(reason)
      context.warn(reason)
      return
    }
    const summary = { title: testRunTitle, passed: 0, failed: 0, skipped: 0 }
    for (const file of files) {
      const name = relative(folder, file)
      const cases = casesOf(await readFile(file, 'utf8'), name)
      for (const each of cases) {
        if (each.skipped !== undefined) summary.skipped++
        else if (each.failure !== undefined || each.error !== undefined) summary.failed++
        else summary.passed++
      }
      context.log(`${name}: ${cases.length} tests`)
    }
    context.run.record.tests.push(summary)
    const { passed, failed, skipped } = summary
    context.log(`${testRunTitle}: ${passed} passed, ${failed} failed, ${skipped} skipped`)
    if (failed > 0 && context.inputs.failTaskOnFailedTests === 'true')
      throw new TaskFailure(`${failed} tests failed`)
  },
}

/** @throws TaskFailure when it is no JUnit */
function casesOf(xml: string, name: string): Case[] {
  const valid = XMLValidator.validate(xml)
  if (valid !== true) throw new TaskFailure(`${name}:${valid.err.line}: no XML: ${valid.err.msg}`)
  const parser = new XMLParser({ ignoreAttributes: false, isArray: (tag) => ALWAYS_LISTS.includes(tag) })
  const root = parser.parse(xml) as { testsuites?: Suite | ''; testsuite?: Suite[] }
  if (root.testsuites === undefined && root.testsuite === undefined) {
    throw new TaskFailure(`${name}: no JUnit: it has neither testsuites nor testsuite`)
  }
  const collect = (suite: Suite): Case[] => [
    ...(suite.testcase ?? []),
    ...(suite.testsuite ?? []).flatMap(collect),
  ]
  const suites = root.testsuite ?? [root.testsuites || {}]
  return suites.flatMap(collect)
}
