import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { artifactsOf, isGood, placeText, type RunRecord, stepsOf } from '../run/record.js'
import { duration, escapeXml, mark } from './format.js'
import { page } from './page.js'

/** Writes index.html, summary.md and junit.xml beside the logs. */
export async function writeReport(runs: RunRecord[], folder: string): Promise<void> {
  await writeFile(join(folder, 'junit.xml'), junit(runs))
  await writeFile(join(folder, 'summary.md'), `# Rehearsal\n\n${runs.map(summary).join('\n\n')}\n`)
  await writeFile(join(folder, 'index.html'), page(runs, folder))
}

/** What a person wants to know besides stages and steps. */
export function facts(run: RunRecord): string[] {
  const tests = run.tests.map(
    ({ title, passed, failed, skipped }) =>
      `${title}: ${passed} passed, ${failed} failed, ${skipped} skipped`,
  )
  const coverage = run.coverage === undefined ? [] : [`Coverage: ${run.coverage}`]
  const lists = {
    'Service connections that were used': run.serviceConnections,
    Artifacts: Object.keys(artifactsOf(run)),
    Tags: run.tags,
  }
  const named = Object.entries(lists).map(([name, items]) => `${name}: ${items.join(', ') || 'none'}`)
  return [...tests, ...coverage, ...named]
}

function summary(run: RunRecord): string {
  const { name, number, result, trigger, file } = run
  const rows = run.stages.map(
    (stage) =>
      `| ${stage.displayName} | ${mark(stage.result)} ${stage.result} | ${duration(stage)} | ${stage.reason ?? ''} |`,
  )
  const issues = stepsOf(run).flatMap(({ stage, job, step }) => {
    const where = `${stage.displayName} / ${job.displayName} / ${step.displayName}`
    return step.issues.map(({ type, message }) => `- ${type}: ${where}: ${message} (${placeText(step.at)})`)
  })
  const parts = [
    `## ${name} ${number}: ${result ?? 'not finished'}`,
    `${trigger.reason} of ${trigger.branch}, commit ${trigger.commit.slice(0, 12)}, ${duration(run)}. Pipeline: ${file}.`,
    ['| stage | result | time | why |', '| --- | --- | --- | --- |', ...rows].join('\n'),
    issues.length > 0 && `Issues:\n\n${issues.join('\n')}`,
    facts(run)
      .map((each) => `- ${each}`)
      .join('\n'),
    ...run.summaries.map(({ text }) => text.trim().replace(/^#/gm, '##')),
  ]
  return parts.filter(Boolean).join('\n\n')
}

/** Runs as JUnit: a suite for each, a case for each step. */
function junit(runs: RunRecord[]): string {
  const suites = runs.map((run) => {
    const cases = stepsOf(run).map(({ stage, job, step }) => {
      const { startedAt = 0, endedAt = startedAt, result = 'Skipped' } = step
      const message = step.issues.find(({ type }) => type === 'error')?.message ?? 'see its log'
      const failure = `<failure message="${escapeXml(message)}">${placeText(step.at)}, ${step.logFile}</failure>`
      const inner = isGood(result) ? '' : result === 'Skipped' ? '<skipped/>' : failure
      const name = `classname="${run.name}.${stage.name}.${job.name}" name="${escapeXml(step.displayName)}"`
      return `    <testcase ${name} time="${(endedAt - startedAt) / 1000}">${inner}</testcase>\n`
    })
    return `  <testsuite name="${run.name}" tests="${cases.length}">\n${cases.join('')}  </testsuite>\n`
  })
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('')}</testsuites>\n`
}
