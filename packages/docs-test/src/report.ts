import type { StepResult } from './run-document.js'

const SHOWN_LINES = 40

/** One line for each block, and for a failed one what it said last. */
export function describeResult(result: StepResult): string {
  const { step } = result
  const command = step.command.trim().split('\n').at(-1)
  switch (result.outcome) {
    case 'run':
    case 'taken': {
      const how =
        result.outcome === 'taken' ? 'taken over from this CI run' : `${result.seconds.toFixed(1)} s`
      return `  ok    ${step.at}  ${command}  (${how}${result.compared ? ', compared' : ''})`
    }
    case 'skipped':
      return `  skip  ${step.at}  ${command}  (${result.reason})`
    case 'failed': {
      const said = result.output.trimEnd().split('\n').slice(-SHOWN_LINES)
      return [`  FAIL  ${step.at}  ${result.problem}`, ...said.map((line) => `        | ${line}`)].join('\n')
    }
  }
}

/** The counts, skipped blocks by their reasons, and a last line as test runners print it. */
export function summary(results: StepResult[]): string {
  const count = (...outcomes: StepResult['outcome'][]) =>
    results.filter(({ outcome }) => outcomes.includes(outcome)).length
  const compared = results.filter((result) => 'compared' in result && result.compared).length
  const reasons = new Map<string, number>()
  for (const result of results) {
    if (result.outcome === 'skipped') reasons.set(result.reason, (reasons.get(result.reason) ?? 0) + 1)
  }
  return [
    '',
    ...[...reasons].map(([reason, times]) => `skipped ${times} blocks: ${reason}`),
    `${count('run')} blocks run, ${count('taken')} taken over from this CI run, ${compared} outputs compared`,
    `${count('run', 'taken')} passed, ${count('failed')} failed, ${count('skipped')} skipped`,
  ].join('\n')
}
