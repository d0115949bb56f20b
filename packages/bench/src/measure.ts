import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BenchCase, scoreBody } from './cases.js'
import { limit } from './limit.js'
import { type Overload, type Overloads, overload, together } from './load/overload.js'
import { type Probes, startProbe } from './load/probe.js'
import { type Load, wrk } from './load/wrk.js'
import { type Memory, memoryOf } from './memory.js'
import type { Effort } from './options.js'
import type { CaseResult, LoadResult, ServerResult } from './results.js'
import { launches, type ServerName } from './servers/launches.js'
import { type Launch, type RunningServer, startServer } from './servers/server.js'
import { shares, spread } from './stats.js'

export interface Setting {
  effort: Effort
  /** For files of this run. */
  workFolder: string
  /** Without wrk there is no load. */
  hasLoad: boolean
  /** The folder of the original's stack, if there is one. */
  flask: string | undefined
  say(what: string): void
}

interface Measured {
  load: Load
  probes: Probes
}

/** Runs of one server, each with a fresh process. */
interface Runs {
  /** By the number of clients, one for each repetition. */
  loads: Map<number, Measured[]>
  memory: Memory[]
}

/** Measures everything about one case. What is compared takes turns, since machines drift. */
export async function measureCase(one: BenchCase, setting: Setting): Promise<CaseResult> {
  const { effort, workFolder, say } = setting
  const bodyFile = join(workFolder, `${one.id}.json`)
  const imageFile = join(workFolder, `${one.id}.image`)
  await writeFile(bodyFile, scoreBody(one.image))
  await writeFile(imageFile, one.image)
  const graphs = join(workFolder, 'graphs')
  const ways: Partial<Record<ServerName, (port: number) => Launch>> = {
    app: launches.app(one.folder, graphs),
    naive: launches.naive(one.folder),
    ...(setting.flask === undefined ? {} : { flask: launches.flask(one.folder, setting.flask) }),
  }
  const coldStart = await measureColdStarts(one, setting, bodyFile, graphs)

  const measureLimit = async (repetition: number) => {
    say(`${one.id}: limit, ${repetition + 1} of ${effort.repetitions}`)
    return limit(one.folder, imageFile, one.limitInFlight, effort.seconds)
  }
  /** For each repetition: just before the app and just after it. */
  const limits: number[][] = []
  const runs = new Map<ServerName, Runs>()
  const names = setting.hasLoad ? (Object.keys(ways) as ServerName[]) : []
  for (let repetition = 0; repetition < effort.repetitions; repetition++) {
    const around: number[] = []
    limits.push(around)
    if (names.length === 0) around.push(await measureLimit(repetition))
    for (const name of repetition % 2 === 0 ? names : names.toReversed()) {
      if (name === 'app') around.push(await measureLimit(repetition))
      say(`${one.id}: ${name}, ${repetition + 1} of ${effort.repetitions}`)
      const known = runs.get(name) ?? { loads: new Map(), memory: [] }
      runs.set(name, known)
      const server = await startServer(ways[name] as (port: number) => Launch, bodyFile)
      await loadServer(server, bodyFile, effort, known).finally(() => server.stop())
      if (name === 'app') around.push(await measureLimit(repetition))
    }
  }
  const servers = names.map((name) => summary(name, runs.get(name) as Runs, limits))
  const result: CaseResult = {
    id: one.id,
    title: one.title,
    limit: spread(limits.flat()),
    servers,
    coldStart,
  }
  if (!one.overload || !setting.hasLoad) return result
  say(`${one.id}: overload`)
  return { ...result, overload: await measureOverload(launches.app(one.folder, graphs), bodyFile, effort) }
}

async function measureColdStarts(
  one: BenchCase,
  { effort, say }: Setting,
  bodyFile: string,
  graphs: string,
): Promise<CaseResult['coldStart']> {
  const start = async (launch: (port: number) => Launch) => {
    const server = await startServer(launch, bodyFile)
    await server.stop()
    return server.coldStartMs
  }
  say(`${one.id}: cold start`)
  // The first one makes the optimised graph.
  await start(launches.app(one.folder, graphs))
  const [optimised, plain, plainStart]: [number[], number[], number[]] = [[], [], []]
  for (let i = 0; i < effort.coldStarts; i++) {
    plainStart.push(await start(launches.plainStart(one.folder)))
    plain.push(await start(launches.app(one.folder, undefined)))
    optimised.push(await start(launches.app(one.folder, graphs)))
  }
  return { optimised: spread(optimised), plain: spread(plain), plainStart: spread(plainStart) }
}

async function loadServer(
  server: RunningServer,
  bodyFile: string,
  effort: Effort,
  known: Runs,
): Promise<void> {
  await wrk(server.scoreUrl, bodyFile, 8, effort.warmUpSeconds)
  for (const concurrency of effort.concurrency) {
    const stopProbe = await startProbe(server.healthUrl)
    const load = await wrk(server.scoreUrl, bodyFile, concurrency, effort.seconds)
    const measured = { load, probes: await stopProbe() }
    known.loads.set(concurrency, [...(known.loads.get(concurrency) ?? []), measured])
  }
  const memory = memoryOf(server.pid)
  if (memory) known.memory.push(memory)
}

/** Four times what the server can do: each request is answered or refused, at once. */
async function measureOverload(
  launch: (port: number) => Launch,
  bodyFile: string,
  effort: Effort,
): Promise<Overloads> {
  const server = await startServer(launch, bodyFile)
  try {
    const target = { url: server.scoreUrl, pid: server.pid }
    // Its own peak, moments before and after. The first also brings the memory that a full load takes.
    const peak = async () => (await wrk(target.url, bodyFile, 32, effort.seconds)).requestsPerSecond
    let before = await peak()
    const peaks = [before]
    const overloads: Overload[] = []
    for (let repetition = 0; repetition < effort.repetitions; repetition++) {
      overloads.push(await overload(target, bodyFile, 4 * before, effort.overloadSeconds))
      before = await peak()
      peaks.push(before)
    }
    return together(overloads, peaks)
  } finally {
    await server.stop()
  }
}

function summary(server: ServerName, { loads, memory }: Runs, limits: number[][]): ServerResult {
  return {
    server,
    loads: [...loads].map(([concurrency, measured]) => loadResult(concurrency, measured, limits)),
    rss: memory.length > 0 ? spread(memory.map(({ rss }) => rss)) : undefined,
    pss: memory.length > 0 ? spread(memory.map(({ pss }) => pss)) : undefined,
  }
}

function loadResult(concurrency: number, measured: Measured[], limits: number[][]): LoadResult {
  const rates = measured.map(({ load }) => load.requestsPerSecond)
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
  return {
    concurrency,
    requestsPerSecond: spread(rates),
    ofLimit: shares(rates, limits),
    p50: spread(measured.map(({ load }) => load.p50)),
    p99: spread(measured.map(({ load }) => load.p99)),
    failures: sum(measured.map(({ load }) => load.failures)),
    healthP99: spread(measured.map(({ probes }) => probes.p99)),
    healthFailures: sum(measured.map(({ probes }) => probes.failures)),
  }
}
