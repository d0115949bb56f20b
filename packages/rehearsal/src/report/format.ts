import type { Result } from '../run/record.js'

export function duration(
  { startedAt, endedAt }: { startedAt?: number; endedAt?: number },
  now = Date.now(),
): string {
  if (startedAt === undefined) return ''
  const seconds = ((endedAt ?? now) - startedAt) / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
}

export const MARKS: Record<Result, string> = {
  Succeeded: '✔',
  SucceededWithIssues: '!',
  Failed: '✖',
  Canceled: '■',
  Skipped: '-',
}

const COLOURS: Record<Result, number> = {
  Succeeded: 32,
  SucceededWithIssues: 33,
  Failed: 31,
  Canceled: 33,
  Skipped: 2,
}

export function paint(text: string, result: Result, isColoured: boolean): string {
  return isColoured ? `\x1b[${COLOURS[result]}m${text}\x1b[0m` : text
}

export function escapeXml(text: string): string {
  const entities: Record<string, string> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' }
  return text.replace(/[<>&"]/g, (letter) => entities[letter] ?? '')
}
