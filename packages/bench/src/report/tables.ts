import { type Bar, bars, loadAt, pullBars, serverOf } from '../bars.js'
import type { CaseResult, Results } from '../results.js'
import type { Spread } from '../stats.js'

/** What the servers are called where people read. */
export const SERVER_TITLES = {
  app: 'this app',
  naive: 'naive Express server',
  flask: 'Flask original',
} as const

export interface Table {
  title: string
  head: string[]
  rows: string[][]
}

/** Everything, for a terminal. */
export function tables(results: Results): Table[] {
  return [...servingTables(results), ...pullTables(results)]
}

/** One table for each case, and one of the bars. */
export function servingTables(results: Results): Table[] {
  if (results.cases.length === 0) return []
  return [...results.cases.flatMap(caseTables), barsTable(bars(results))]
}

export function pullTables({ pulls }: Results): Table[] {
  if (pulls.length === 0) return []
  const rows = pulls.map((one) => [
    one.store,
    figure(one.bare),
    figure(one.file),
    figure(one.pull),
    (one.pull.median / one.bare.median).toFixed(2),
    (one.pull.median / one.file.median).toFixed(2),
    `${one.warmMs.median.toFixed(0)} ms; ${one.freshMs.median.toFixed(0)} ms in a new process`,
  ])
  const title = `A model of ${pulls[0]?.megabytes} MB`
  const columns = [
    'bare download, MB/s',
    'to a file, MB/s',
    'pull, MB/s',
    'pull / bare',
    'pull / to a file',
    'nothing changed',
  ]
  const head = ['', ...columns]
  return [{ title, head, rows }, barsTable(pullBars(pulls))]
}

function barsTable(list: Bar[]): Table {
  return {
    title: 'Bars',
    head: ['', 'bar', 'found', ''],
    rows: list.map(({ what, wanted, found, met }) => [what, wanted, found, met ? 'met' : '**not met**']),
  }
}

function caseTables(one: CaseResult): Table[] {
  const rows = [
    ['limit, no HTTP', '', figure(one.limit), '1.00', '', '', '', ''],
    ...one.servers.flatMap(({ server, loads }) =>
      loads.map((load) => [
        SERVER_TITLES[server],
        String(load.concurrency),
        figure(load.requestsPerSecond),
        load.ofLimit.median.toFixed(2),
        figure(load.p50),
        figure(load.p99),
        figure(load.healthP99) + (load.healthFailures > 0 ? `, ${load.healthFailures} failed` : ''),
        load.failures > 0 ? String(load.failures) : 'none',
      ]),
    ),
  ]
  const speed = {
    title: one.title,
    head: [
      '',
      'clients',
      'requests/s',
      'of the limit',
      'p50, ms',
      'p99, ms',
      'health check p99, ms',
      'failed requests',
    ],
    rows,
  }
  const { optimised, plain, plainStart } = one.coldStart
  const starts = `${figure(optimised)}; with a plain load ${figure(plain)}; a plain start ${figure(plainStart)}`
  const memory = one.servers.map(({ server, rss, pss }) => [
    SERVER_TITLES[server],
    rss ? figure(rss) : '',
    pss ? figure(pss) : '',
    server === 'app' ? starts : '',
  ])
  const size = {
    title: '',
    head: ['', 'RSS, MB', 'PSS, MB', 'first answer after, ms'],
    rows: memory.length > 0 ? memory : [['this app', '', '', starts]],
  }
  return [speed, size]
}

/** How many times another server's requests the app answers with 32 clients. */
export function timesOf(one: CaseResult, other: 'naive' | 'flask'): number | undefined {
  const [ours, theirs] = ['app', other].map((name) => loadAt(serverOf(one, name), 32))
  return ours && theirs && ours.requestsPerSecond.median / theirs.requestsPerSecond.median
}

/** The median, and the spread behind it where there were several. */
function figure({ median, min, max }: Spread): string {
  return min === max ? number(median) : `${number(median)} (${number(min)}-${number(max)})`
}

function number(value: number): string {
  if (Number.isNaN(value)) return ''
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
