import { ancestors } from '../run/graph.js'
import type { StageRecord } from '../run/record.js'
import { duration, escapeXml, mark } from './format.js'

const BOX = { width: 230, head: 46, line: 18, gapX: 50, gapY: 14, pad: 8, letters: 30 }

/** Stages in columns, by the longest way to them, with their jobs and arrows, as SVG. */
export function graph(stages: StageRecord[]): string {
  const depthOf = (stage: StageRecord): number =>
    Math.max(-1, ...ancestors(stages, stage).map((before) => depthOf(before))) + 1
  const bottoms: number[] = []
  const boxes = stages.map((stage) => {
    const column = depthOf(stage)
    const y = bottoms[column] ?? BOX.pad
    const height = BOX.head + stage.jobs.length * BOX.line
    bottoms[column] = y + height + BOX.gapY
    return { stage, x: BOX.pad + column * (BOX.width + BOX.gapX), y, height }
  })
  const arrows = boxes.flatMap(({ stage, x, y }) =>
    boxes
      .filter((before) => stage.dependsOn.includes(before.stage.name))
      .map((before) => {
        const [left, from, to] = [before.x + BOX.width, before.y + 24, y + 24]
        return `<path d="M${left} ${from} C${left + 25} ${from} ${x - 25} ${to} ${x - 4} ${to}" marker-end="url(#arrow)"/>`
      }),
  )
  const drawn = boxes.map(({ stage, x, y, height }) => {
    const jobs = stage.jobs.map((job, index) => {
      const name =
        job.displayName.length > BOX.letters ? `${job.displayName.slice(0, BOX.letters)}…` : job.displayName
      return `<text class="small ${job.result ?? 'Skipped'}" x="${x + 12}" y="${y + 56 + index * BOX.line}">${mark(job.result)} ${escapeXml(name)}</text>`
    })
    return `<rect class="${stage.result}" x="${x}" y="${y}" width="${BOX.width}" height="${height}" rx="8"/>
<text x="${x + 12}" y="${y + 22}">${escapeXml(stage.displayName)}</text>
<text class="small" x="${x + 12}" y="${y + 38}">${stage.result ?? ''} ${duration(stage)}</text>${jobs.join('')}`
  })
  const width = bottoms.length * (BOX.width + BOX.gapX) - BOX.gapX + 2 * BOX.pad
  const height = Math.max(...bottoms)
  return `<div class="graph"><svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Stages and their jobs">
<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 L8 4 L0 8 z"/></marker></defs>
${[...arrows, ...drawn].join('\n')}
</svg></div>`
}
