import { loadAt, serverOf } from '../bars.js'
import type { CaseResult, Results } from '../results.js'
import { SERVER_TITLES } from './tables.js'

const WIDTH = 760
const LEFT = 190
const BAR = { height: 22, gap: 8, most: 400 }
const PANEL = { title: 34, gap: 22 }

interface Row {
  name: string
  kind: string
  perSecond: number
  share: number
}

/** A chart of the requests per second with the most clients, as shares of the limit. SVG, for light and dark pages. */
export function chart({ cases, machine }: Results): string {
  const parts: string[] = []
  let y = 78
  for (const one of cases) {
    parts.push(`<text class="case" x="24" y="${y}">${escapeXml(one.title)}</text>`)
    y += PANEL.title - 18
    for (const row of rowsOf(one)) {
      parts.push(barOf(row, y))
      y += BAR.height + BAR.gap
    }
    y += PANEL.gap + 10
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}" role="img" aria-label="Requests per second, as shares of the machine's limit">
<style>
  .page { fill: #ffffff } text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 }
  .title { font-size: 16px; font-weight: 600 } .case { font-weight: 600 } .note { fill: #59636e }
  .limit { fill: #8c959f } .app { fill: #0969da } .naive { fill: #bc4c00 } .flask { fill: #8250df }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } text { fill: #f0f6fc } .note { fill: #9198a1 }
    .limit { fill: #656c76 } .app { fill: #4493f8 } .naive { fill: #db6d28 } .flask { fill: #ab7df8 }
  }
</style>
<rect class="page" width="${WIDTH}" height="${y}" rx="6"/>
<text class="title" x="24" y="30">Requests per second, and their share of what the machine can do</text>
<text class="note" x="24" y="50">${escapeXml(note(cases, machine.cores))}</text>
${parts.join('\n')}
</svg>
`
}

function rowsOf(one: CaseResult): Row[] {
  const rows: Row[] = [{ name: 'limit, no HTTP', kind: 'limit', perSecond: one.limit.median, share: 1 }]
  for (const { server } of one.servers) {
    const load = loadAt(serverOf(one, server), most(one))
    if (!load) continue
    const [perSecond, share] = [load.requestsPerSecond.median, load.ofLimit.median]
    rows.push({ name: SERVER_TITLES[server], kind: server, perSecond, share })
  }
  return rows
}

function barOf({ name, kind, perSecond, share }: Row, y: number): string {
  const width = Math.max(2, Math.min(1.1, share) * BAR.most)
  const middle = y + BAR.height / 2 + 4.5
  const figure = perSecond >= 100 ? perSecond.toFixed(0) : perSecond.toFixed(1)
  return [
    `<text x="${LEFT - 10}" y="${middle}" text-anchor="end">${escapeXml(name)}</text>`,
    `<rect class="${kind}" x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR.height}" rx="3"/>`,
    `<text x="${(LEFT + width + 8).toFixed(1)}" y="${middle}">${figure}/s <tspan class="note">${kind === 'limit' ? '' : `${Math.round(share * 100)} %`}</tspan></text>`,
  ].join('')
}

function most(one: CaseResult): number {
  return Math.max(0, ...one.servers.flatMap(({ loads }) => loads.map(({ concurrency }) => concurrency)))
}

function note(cases: CaseResult[], cores: number): string {
  const clients = Math.max(0, ...cases.map(most))
  const where = `${cores} core${cores === 1 ? '' : 's'}`
  return clients === 0 ? where : `${clients} clients, ${where}; the limit decodes and runs without serving`
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
