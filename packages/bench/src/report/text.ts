import type { Results } from '../results.js'
import { type Table, tables } from './tables.js'

/** For a terminal. */
export function terminalReport(results: Results): string {
  return [...tables(results).map(terminalTable), ...results.skipped.map((why) => `Skipped: ${why}`)].join(
    '\n\n',
  )
}

function terminalTable({ title, head, rows }: Table): string {
  const plain = rows.map((row) => row.map((cell) => cell.replaceAll('**', '')))
  const widths = head.map((_, column) => Math.max(...[head, ...plain].map((row) => row[column]?.length ?? 0)))
  const lines = [head, ...plain].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return [...(title ? [title] : []), ...lines].join('\n')
}

/** For a document. */
export function markdownReport(results: Results, chart: string): string {
  const { machine, seconds, repetitions, mode, skipped } = results
  const times = repetitions === 1 ? 'once' : `${repetitions} times, in turns`
  return [
    `Measured on ${machine.cores} cores of ${machine.cpu}, Node.js ${machine.node}, ONNX Runtime ${machine.onnxRuntime}; ` +
      `${seconds} s of load for each figure, ${times}${mode === 'full' ? '' : ` (${mode})`}. Medians, with the lowest and the highest in brackets.`,
    `![Requests per second with 32 clients, as shares of the machine's limit](${chart})`,
    ...tables(results).map(markdownTable),
    ...skipped.map((why) => `Not measured: ${why}.`),
  ].join('\n\n')
}

function markdownTable({ title, head, rows }: Table): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  const lines = [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
  return title ? `### ${title}\n\n${lines}` : lines
}

const [BEGIN, END] = ['<!-- measured: begin -->', '<!-- measured: end -->']

/** Puts a report between a document's markers. @throws Error when it has none */
export function replaceMeasured(document: string, report: string): string {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)]
  if (begin === -1 || end < begin) throw new Error(`the document lacks the lines ${BEGIN} and ${END}`)
  return `${document.slice(0, begin + BEGIN.length)}\n\n${report}\n\n${document.slice(end)}`
}
