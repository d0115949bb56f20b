import type { Progress, Result } from '../run/record.js'

export function duration({ startedAt, endedAt = Date.now() }: Progress): string {
  if (startedAt === undefined) return ''
  const seconds = (endedAt - startedAt) / 1000
  return seconds < 60
    ? `${seconds.toFixed(1)} s`
    : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
}

const MARKS = { Succeeded: '✔', SucceededWithIssues: '!', Failed: '✖', Canceled: '■', Skipped: '-' }
const COLOURS = { Succeeded: 32, SucceededWithIssues: 33, Failed: 31, Canceled: 33, Skipped: 2 }

export function mark(result: Result | undefined): string {
  return MARKS[result ?? 'Skipped']
}

export function paint(text: string, result: Result, isColoured: boolean): string {
  return isColoured ? `\x1b[${COLOURS[result]}m${text}\x1b[0m` : text
}

export function escapeXml(text: string): string {
  const entities: Record<string, string> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' }
  return text.replace(/[<>&"]/g, (letter) => entities[letter] ?? '')
}
