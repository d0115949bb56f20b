import { artifactsOf, type RunRecord } from '../run/record.js'
import { duration, MARKS } from './format.js'

/** What a person wants to know afterwards, as Markdown. */
export function summary(runs: RunRecord[]): string {
  return `# Rehearsal\n\n${runs.map(section).join('\n\n')}\n`
}

function section(run: RunRecord): string {
  const steps = run.stages.flatMap((stage) =>
    stage.jobs.flatMap((job) =>
      job.steps.map((step) => ({ where: `${stage.displayName} / ${job.displayName}`, step })),
    ),
  )
  const issues = steps.flatMap(({ where, step }) =>
    step.issues.map(
      ({ type, message }) => `- ${type}: ${where} / ${step.displayName}: ${message} (${step.at})`,
    ),
  )
  const parts = [
    `## ${run.displayName} ${run.number}: ${run.result ?? 'not finished'}`,
    `${run.reason} of ${run.branch}, commit ${run.commit.slice(0, 12)}, ${duration(run)}. Pipeline: ${run.file}.`,
    table(
      ['stage', 'result', 'time', 'why'],
      run.stages.map((stage) => [
        stage.displayName,
        `${MARKS[stage.result ?? 'Skipped']} ${stage.result ?? 'not run'}`,
        duration(stage),
        stage.reason ?? '',
      ]),
    ),
    run.tests.length > 0 &&
      table(
        ['tests', 'passed', 'failed', 'skipped'],
        run.tests.map((each) => [each.title, ...[each.passed, each.failed, each.skipped].map(String)]),
      ),
    run.coverage !== undefined && `Coverage: ${run.coverage}.`,
    issues.length > 0 && `Issues:\n\n${issues.join('\n')}`,
    `Service connections that were used: ${run.serviceConnections.join(', ') || 'none'}. Artifacts: ${
      Object.keys(artifactsOf(run)).join(', ') || 'none'
    }. Tags: ${run.tags.join(', ') || 'none'}.`,
    ...run.summaries.map(({ text }) => text.trim().replace(/^#/gm, '##')),
  ]
  return parts.filter(Boolean).join('\n\n')
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
