import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import {
  artifactsOf,
  type JobRecord,
  type RunRecord,
  type StageRecord,
  type StepRecord,
} from '../run/record.js'
import { duration, escapeXml, MARKS } from './format.js'
import { STYLE } from './style.js'

const BOX = { width: 230, height: 46, gapX: 50, gapY: 14, pad: 8, letters: 34 }
const LOG_LINES = 200

/** A page that needs nothing but itself: each run's graph, its steps over time, and their logs. */
export function page(runs: RunRecord[], reportFolder: string): string {
  const title = runs.map((run) => `${run.displayName} ${run.result ?? ''}`).join(', ')
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rehearsal: ${escapeXml(title)}</title>
<style>${STYLE}</style>
<h1>Rehearsal</h1>
${runs.map((run) => runSection(run, reportFolder)).join('\n')}
</html>
`
}

function runSection(run: RunRecord, reportFolder: string): string {
  const began = run.startedAt ?? 0
  const total = Math.max((run.endedAt ?? began) - began, 1)
  const tests = run.tests.map(
    ({ title, passed, failed, skipped }) =>
      `${title}: ${passed} passed, ${failed} failed, ${skipped} skipped`,
  )
  const facts = [
    ...tests,
    run.coverage !== undefined && `Coverage: ${run.coverage}`,
    `Service connections: ${run.serviceConnections.join(', ') || 'none'}`,
    `Artifacts: ${Object.keys(artifactsOf(run)).join(', ') || 'none'}`,
  ].filter((each): each is string => typeof each === 'string')
  return `<section>
<h2><span class="${run.result}">${MARKS[run.result ?? 'Skipped']}</span> ${escapeXml(run.displayName)} ${escapeXml(run.number)}</h2>
<p>${escapeXml(run.reason)} of ${escapeXml(run.branch)}, commit <code>${run.commit.slice(0, 12)}</code>, ${duration(run)}, <code>${escapeXml(run.file)}</code></p>
${graph(run)}
<ul class="facts">${facts.map((each) => `<li>${escapeXml(each)}</li>`).join('')}</ul>
<table><thead><tr><th>step<th>time<th class="wide">from 0 to ${duration(run)}</tr></thead><tbody>
${run.stages.flatMap((stage) => stage.jobs.map((job) => jobRows(stage, job, began, total, reportFolder))).join('\n')}
</tbody></table>
${run.summaries.map(({ job, text }) => `<details><summary>Summary of ${escapeXml(job)}</summary><pre>${escapeXml(text)}</pre></details>`).join('\n')}
</section>`
}

function jobRows(
  stage: StageRecord,
  job: JobRecord,
  began: number,
  total: number,
  reportFolder: string,
): string {
  const why = job.reason ?? stage.reason
  const head = `<tr class="job"><td colspan="3"><span class="${job.result}">${MARKS[job.result ?? 'Skipped']}</span>
${escapeXml(`${stage.displayName} / ${job.displayName}`)}${why === undefined ? '' : ` <small>${escapeXml(why)}</small>`}</tr>`
  return [head, ...job.steps.map((step) => stepRow(step, began, total, reportFolder))].join('\n')
}

function stepRow(step: StepRecord, began: number, total: number, reportFolder: string): string {
  const percent = (ms: number) => `${Math.max((100 * ms) / total, 0.3).toFixed(2)}%`
  const { startedAt, endedAt = startedAt ?? 0 } = step
  const bar =
    startedAt === undefined
      ? ''
      : `<span class="bar ${step.result}" style="left:${percent(startedAt - began)};width:${percent(endedAt - startedAt)}"></span>`
  const title = `<span class="${step.result}">${MARKS[step.result ?? 'Skipped']}</span> ${escapeXml(step.displayName)}`
  const issues = step.issues
    .map(({ type, message }) => `<div class="${type}">${type}: ${escapeXml(message)}</div>`)
    .join('')
  const log = startedAt === undefined ? '' : logEnd(join(reportFolder, step.logFile))
  const open = step.result === 'Failed' ? ' open' : ''
  const body =
    log === '' ? title : `<details${open}><summary>${title}</summary><pre>${escapeXml(log)}</pre></details>`
  return `<tr><td>${body}${issues}<td class="time">${duration(step)}<td><div class="track">${bar}</div></tr>`
}

function logEnd(path: string): string {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  const left =
    lines.length > LOG_LINES ? [`(${lines.length - LOG_LINES} lines before these are in the log file)`] : []
  return stripVTControlCharacters([...left, ...lines.slice(-LOG_LINES)].join('\n'))
}

/** Stages in columns, by how much comes before them, with their jobs and arrows. */
function graph({ stages }: RunRecord): string {
  const depth = new Map<string, number>()
  const depthOf = (stage: StageRecord): number => {
    const before = stages.filter(({ name }) => stage.dependsOn.includes(name))
    const known = depth.get(stage.name) ?? Math.max(-1, ...before.map(depthOf)) + 1
    depth.set(stage.name, known)
    return known
  }
  const columns: StageRecord[][] = []
  for (const stage of stages) {
    const column = depthOf(stage)
    columns[column] = [...(columns[column] ?? []), stage]
  }
  const heightOf = (stage: StageRecord) => BOX.height + stage.jobs.length * 18
  const places = new Map<string, { x: number; y: number }>()
  for (const [column, members] of columns.entries()) {
    let y = BOX.pad
    for (const stage of members) {
      places.set(stage.name, { x: BOX.pad + column * (BOX.width + BOX.gapX), y })
      y += heightOf(stage) + BOX.gapY
    }
  }
  const placeOf = (name: string) => places.get(name) ?? { x: 0, y: 0 }
  const boxes = stages.map((stage) => {
    const { x, y } = placeOf(stage.name)
    const jobs = stage.jobs.map(
      (job, index) =>
        `<text class="small ${job.result}" x="${x + 12}" y="${y + 56 + index * 18}">${MARKS[job.result ?? 'Skipped']} ${escapeXml(shortened(job.displayName))}</text>`,
    )
    return `<rect class="${stage.result}" x="${x}" y="${y}" width="${BOX.width}" height="${heightOf(stage)}" rx="8"/>
<text x="${x + 12}" y="${y + 22}">${escapeXml(stage.displayName)}</text>
<text class="small" x="${x + 12}" y="${y + 38}">${stage.result ?? ''} ${duration(stage)}</text>${jobs.join('')}`
  })
  const arrows = stages.flatMap((stage) =>
    stage.dependsOn.map((name) => {
      const [from, to] = [placeOf(name), placeOf(stage.name)]
      const [x1, y1, x2, y2] = [from.x + BOX.width, from.y + 24, to.x, to.y + 24]
      return `<path d="M${x1} ${y1} C${x1 + 25} ${y1} ${x2 - 25} ${y2} ${x2 - 4} ${y2}" marker-end="url(#arrow)"/>`
    }),
  )
  const width = columns.length * (BOX.width + BOX.gapX) - BOX.gapX + 2 * BOX.pad
  const height = Math.max(...stages.map((stage) => placeOf(stage.name).y + heightOf(stage))) + BOX.pad
  return `<div class="graph"><svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Stages and their jobs">
<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 L8 4 L0 8 z"/></marker></defs>
${arrows.join('\n')}
${boxes.join('\n')}
</svg></div>`
}

function shortened(text: string): string {
  return text.length <= BOX.letters ? text : `${text.slice(0, BOX.letters - 1)}…`
}
