import type { RunRecord } from '../run/record.js'
import { escapeXml } from './format.js'

/** Runs as JUnit: a suite for each job, a case for each step. */
export function junit(runs: RunRecord[]): string {
  const suites = runs.flatMap((run) =>
    run.stages.flatMap((stage) =>
      stage.jobs.map((job) => {
        const name = `${run.name}.${stage.name}.${job.name}`
        const cases = job.steps.map((step) => {
          const seconds = ((step.endedAt ?? 0) - (step.startedAt ?? step.endedAt ?? 0)) / 1000
          const open = `    <testcase classname="${escapeXml(name)}" name="${escapeXml(step.displayName)}" time="${seconds}"`
          const message = step.issues.find(({ type }) => type === 'error')?.message ?? 'see its log'
          if (step.result === 'Failed' || step.result === 'Canceled') {
            return `${open}><failure message="${escapeXml(message)}">${escapeXml(`${step.at}, ${step.logFile}`)}</failure></testcase>`
          }
          return step.result === 'Skipped' || !step.result ? `${open}><skipped/></testcase>` : `${open}/>`
        })
        return [
          `  <testsuite name="${escapeXml(name)}" tests="${cases.length}">`,
          ...cases,
          '  </testsuite>',
        ].join('\n')
      }),
    ),
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('\n')}\n</testsuites>\n`
}
