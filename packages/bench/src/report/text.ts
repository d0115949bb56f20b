import type { Results } from '../results.js'
import { pullTables, servingTables, type Table, tables } from './tables.js'

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

/** What belongs between two markers of a document. */
interface Section {
  name: 'measured' | 'pull'
  text: string
}

/** For a document: a section for what was measured of serving, and one for pulling. */
export function markdownReports(results: Results, chart: string): Section[] {
  const { machine, seconds, repetitions, mode, cases, pulls, skipped } = results
  const times = repetitions === 1 ? 'once' : `${repetitions} times, in turns`
  const where = `Measured on ${machine.cores} cores of ${machine.cpu}, Node.js ${machine.node}`
  const how = `${times}${mode === 'full' ? '' : ` (${mode})`}. Medians, with the lowest and the highest in brackets.`
  const serving = [
    `${where}, ONNX Runtime ${machine.onnxRuntime}; ${seconds} s of load for each figure, ${how}`,
    `![Requests per second with 32 clients, as shares of the machine's limit](${chart})`,
    ...servingTables(results).map(markdownTable),
    ...skipped.map((why) => `Not measured: ${why}.`),
  ]
  const pulling = [`${where}; ${how}`, ...pullTables(results).map(markdownTable)]
  return [
    ...(cases.length > 0 ? [{ name: 'measured' as const, text: serving.join('\n\n') }] : []),
    ...(pulls.length > 0 ? [{ name: 'pull' as const, text: pulling.join('\n\n') }] : []),
  ]
}

function markdownTable({ title, head, rows }: Table): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  const lines = [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
  return title ? `### ${title}\n\n${lines}` : lines
}

/** Puts sections between a document's markers. @throws Error when it has no markers for one */
export function withReport(document: string, sections: Section[]): string {
  return sections.reduce((text, section) => {
    const [first, last] = [`<!-- ${section.name}: begin -->`, `<!-- ${section.name}: end -->`]
    const [begin, end] = [text.indexOf(first), text.indexOf(last)]
    if (begin === -1 || end < begin) throw new Error(`the document lacks the lines ${first} and ${last}`)
    return `${text.slice(0, begin + first.length)}\n\n${section.text}\n\n${text.slice(end)}`
  }, document)
}
