import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import type { JobRecord, Progress, RunRecord, StageRecord, StepRecord } from '../run/record.js'
import { duration, escapeXml, mark } from './format.js'
import { graph } from './graph.js'
import { STYLE } from './style.js'
import { facts } from './write.js'

const LOG_LINES = 200

/** A page that needs nothing but itself: each run's graph, its steps over time, and their logs. */
export function page(runs: RunRecord[], reportFolder: string): string {
  const title = runs.map((run) => `${run.name} ${run.result ?? ''}`).join(', ')
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rehearsal: ${escapeXml(title)}</title>
<style>${STYLE}</style>
<h1>Rehearsal</h1>
${runs.map((run) => section(run, reportFolder)).join('\n')}
</html>
`
}

function section(run: RunRecord, reportFolder: string): string {
  const { reason, branch, commit } = run.trigger
  const rows = run.stages.flatMap((stage) =>
    stage.jobs.flatMap((job) => [
      jobRow(stage, job),
      ...job.steps.filter(({ result }) => result).map((step) => stepRow(step, run, reportFolder)),
    ]),
  )
  const summaries = run.summaries.map(({ job, text }) => details(`Summary of ${escapeXml(job)}`, text))
  return `<section>
<h2>${badge(run)} ${escapeXml(`${run.name} ${run.number}`)}</h2>
<p>${escapeXml(`${reason} of ${branch}`)}, commit <code>${commit.slice(0, 12)}</code>, ${duration(run)}, <code>${escapeXml(run.file)}</code></p>
${graph(run.stages)}
<ul class="facts">${facts(run)
    .map((each) => `<li>${escapeXml(each)}</li>`)
    .join('')}</ul>
<table><thead><tr><th>step<th>time<th class="wide">from 0 to ${duration(run)}</tr></thead><tbody>
${rows.join('\n')}
</tbody></table>
${summaries.join('\n')}
</section>`
}

function jobRow(stage: StageRecord, job: JobRecord): string {
  const why = job.reason ?? stage.reason ?? ''
  const name = escapeXml(`${stage.displayName} / ${job.displayName}`)
  return `<tr class="job"><td colspan="3">${badge(job)} ${name} <small>${escapeXml(why)}</small></tr>`
}

function stepRow(step: StepRecord, run: RunRecord, reportFolder: string): string {
  const { startedAt, endedAt = startedAt ?? 0, result } = step
  const began = run.startedAt ?? 0
  const total = Math.max((run.endedAt ?? began) - began, 1)
  const percent = (ms: number) => `${Math.max((100 * ms) / total, 0.3).toFixed(2)}%`
  const place = (from: number) => `left:${percent(from - began)};width:${percent(endedAt - from)}`
  const bar = startedAt === undefined ? '' : `<span class="bar ${result}" style="${place(startedAt)}"></span>`
  const title = `${badge(step)} ${escapeXml(step.displayName)}`
  const issues = step.issues.map(
    ({ type, message }) => `<div class="${type}">${type}: ${escapeXml(message)}</div>`,
  )
  const log = startedAt === undefined ? '' : logEnd(join(reportFolder, step.logFile))
  const body = log === '' ? title : details(title, log, result === 'Failed')
  return `<tr><td>${body}${issues.join('')}<td class="time">${duration(step)}<td><div class="track">${bar}</div></tr>`
}

/** @param title HTML */
function details(title: string, text: string, isOpen = false): string {
  return `<details${isOpen ? ' open' : ''}><summary>${title}</summary><pre>${escapeXml(text)}</pre></details>`
}

function badge({ result }: Progress): string {
  return `<span class="${result ?? 'Skipped'}">${mark(result)}</span>`
}

function logEnd(path: string): string {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  const left = lines.length - LOG_LINES
  const before = left > 0 ? [`(${left} lines before these are in the log file)`] : []
  return stripVTControlCharacters([...before, ...lines.slice(-LOG_LINES)].join('\n'))
}
