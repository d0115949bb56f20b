import type { CheckResult } from './check.js'

const LABELS = { passed: 'pass', failed: 'FAIL', skipped: 'skip' }

/** The table for people: a line for each check, and below a failed one what was found. Ends with the counts. */
export function formatReport(results: CheckResult[]): string {
  const width = Math.max(5, ...results.map(({ name }) => name.length))
  const lines = results.flatMap(({ name, expected, why, status, found, reason }) => [
    `${LABELS[status]}    ${name.padEnd(width)}  ${expected}`,
    ...(found === undefined ? [] : [`        found: ${found}`]),
    ...(found === undefined || why === undefined ? [] : [`        why it is asked for: ${why}`]),
    ...(reason === undefined ? [] : [`        skipped: ${reason}`]),
  ])
  const { passed, failed, skipped } = count(results)
  const counts = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
  return [`result  ${'check'.padEnd(width)}  expected`, ...lines, '', counts].join('\n')
}

/** The same for programs. */
export function formatJson(results: CheckResult[]): string {
  return JSON.stringify({ ...count(results), checks: results }, null, 2)
}

export function count(results: CheckResult[]): Record<CheckResult['status'], number> {
  const of = (status: CheckResult['status']) => results.filter((result) => result.status === status).length
  return { passed: of('passed'), failed: of('failed'), skipped: of('skipped') }
}
