import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { artifactsOf, type JobRecord, placeText, type RunRecord, type StageRecord } from '../run/record.js'
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
  const issues = run.stages.flatMap((stage) => stage.jobs.flatMap((job) => issuesOf(stage, job)))
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

function issuesOf(stage: StageRecord, job: JobRecord): string[] {
  const where = `${stage.displayName} / ${job.displayName}`
  const own = job.result === 'Failed' && job.reason ? [`- error: ${where}: ${job.reason}`] : []
  const ofSteps = job.steps.flatMap((step) =>
    step.issues.map(
      ({ type, message }) => `- ${type}: ${where} / ${step.displayName}: ${message} (${placeText(step.at)})`,
    ),
  )
  return [...own, ...ofSteps]
}

/** Runs as JUnit: a suite for each job, a case for each step. */
function junit(runs: RunRecord[]): string {
  const suites = runs.flatMap((run) =>
    run.stages.flatMap((stage) =>
      stage.jobs.map((job) => suite(`${run.name}.${stage.name}.${job.name}`, job)),
    ),
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('\n')}\n</testsuites>\n`
}

function suite(name: string, { steps, result, reason }: JobRecord): string {
  const cases = steps.map(({ displayName, startedAt = 0, endedAt = startedAt, result, ...step }) => {
    const message = step.issues.find(({ type }) => type === 'error')?.message ?? 'see its log'
    const isBad = result === 'Failed' || result === 'Canceled'
    const failure = `<failure message="${escapeXml(message)}">${placeText(step.at)}, ${step.logFile}</failure>`
    const inner = isBad ? failure : result === 'Skipped' || !result ? '<skipped/>' : ''
    const time = (endedAt - startedAt) / 1000
    return `    <testcase classname="${name}" name="${escapeXml(displayName)}" time="${time}">${inner}</testcase>`
  })
  // A job that fails by itself has no step that says so.
  if (result === 'Failed' && reason)
    cases.push(
      `    <testcase classname="${name}" name="job"><failure message="${escapeXml(reason)}"/></testcase>`,
    )
  return [`  <testsuite name="${name}" tests="${cases.length}">`, ...cases, '  </testsuite>'].join('\n')
}
