import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { cpus, loadavg, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { cpuLimit } from '@repo/classifier'
import { prepareCases } from './cases.js'
import { hasWrk } from './load/wrk.js'
import { measureCase } from './measure.js'
import { help, type Options, parseOptions } from './options.js'
import { measurePulls } from './pull/measure-pulls.js'
import { chart } from './report/chart.js'
import { markdownReports, terminalReport, withReport } from './report/text.js'
import type { CaseResult, Machine, Results } from './results.js'
import { flaskProblem } from './servers/launches.js'

const say = (line: string) => console.error(line)

async function main(options: Options): Promise<void> {
  // Better now than after twenty minutes.
  if (options.report !== undefined) withReport(await readFile(options.report, 'utf8'), [])
  const machine = describeMachine()
  if (machine.loadAverage > 0.5)
    say(`This machine is busy (load ${machine.loadAverage}): figures will be off.`)
  const workFolder = await mkdtemp(join(tmpdir(), 'bench-'))
  try {
    const results = await measure(options, machine, workFolder)
    console.log(`\n${terminalReport(results)}\n`)
    await write(options, results)
  } finally {
    await rm(workFolder, { recursive: true, force: true })
  }
}

async function measure(options: Options, machine: Machine, workFolder: string): Promise<Results> {
  const { effort, mode } = options
  const skipped: string[] = []
  const skip = (why: string) => {
    skipped.push(why)
    say(`Skipped: ${why}`)
  }
  const hasLoad = hasWrk()
  if (!hasLoad) skip('throughput and latency, because wrk is not installed (apt-get install wrk)')
  const problem = flaskProblem(options.flask)
  if (problem !== undefined) skip(`the Flask original: ${problem}`)
  const flask = problem === undefined ? options.flask : undefined
  const cases: CaseResult[] = []
  for (const one of await prepareCases(workFolder, options.only, skip)) {
    cases.push(await measureCase(one, { effort, workFolder, hasLoad, flask, say }))
  }
  const pulls = ['pull', undefined].includes(options.only)
    ? await measurePulls({ ...effort, megabytes: effort.pullMegabytes, workFolder, say })
    : []
  const { seconds, repetitions } = effort
  return { machine, mode, seconds, repetitions, cases, pulls, skipped }
}

async function write({ out, report }: Options, results: Results): Promise<void> {
  await mkdir(out, { recursive: true })
  const json = `${JSON.stringify(results, null, 2)}\n`
  await writeFile(join(out, 'results.json'), json)
  await writeFile(join(out, 'chart.svg'), chart(results))
  say(`Written: ${join(out, 'results.json')} and ${join(out, 'chart.svg')}`)
  if (report === undefined) return
  const picture = `${basename(report, '.md')}.svg`
  if (results.cases.length > 0) await writeFile(join(dirname(report), picture), chart(results))
  const document = await readFile(report, 'utf8')
  await writeFile(report, withReport(document, markdownReports(results, picture)))
  say(`Written: ${report}`)
}

function describeMachine(): Machine {
  const onnxRuntime = createRequire(import.meta.url)('onnxruntime-node/package.json').version as string
  return {
    cpu: cpus()[0]?.model.trim() ?? 'an unknown CPU',
    cores: cpuLimit(),
    node: process.versions.node,
    onnxRuntime,
    loadAverage: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  }
}

try {
  const options = parseOptions(process.argv.slice(2))
  if (options === undefined) console.log(help)
  else await main(options)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
