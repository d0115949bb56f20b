import type { CaseResult, LoadResult, PullResult, Results, ServerResult } from './results.js'

/** A promise about the app, and what became of it in this run. */
export interface Bar {
  what: string
  wanted: string
  found: string
  met: boolean
}

/** The bars that this run has figures for. */
export function bars(results: Results): Bar[] {
  const list: Bar[] = []
  const find = (id: string) => results.cases.find((one) => one.id === id)
  const [mobilenet, resnet50] = [find('mobilenet'), find('resnet50')]
  if (resnet50) list.push(...shareOfLimit(resnet50, 0.9))
  if (mobilenet) list.push(...shareOfLimit(mobilenet, 0.85))
  for (const one of [find('sample'), find('sample-1')]) {
    if (one) list.push(...timesOther(one, 'naive', 4.5), ...timesOther(one, 'flask', 3.5))
  }
  for (const one of results.cases) list.push(...health(one))
  for (const one of results.cases) list.push(...overloadBars(one))
  if (resnet50) list.push(...memoryBars(resnet50))
  for (const one of [resnet50, mobilenet]) if (one) list.push(coldStart(one))
  return list
}

export function serverOf(one: CaseResult, name: string): ServerResult | undefined {
  return one.servers.find(({ server }) => server === name)
}

export function loadAt(server: ServerResult | undefined, concurrency: number): LoadResult | undefined {
  return server?.loads.find((load) => load.concurrency === concurrency)
}

/** The bars of pulling. */
export function pullBars(pulls: PullResult[]): Bar[] {
  return pulls.flatMap(({ store, bare, pull, growth, warmMs, warmRequests }) => {
    const share = pull.median / bare.median
    const warm = `${warmMs.median.toFixed(0)} ms, ${warmRequests} request`
    return [
      bar(`${store}: pull, share of a bare download`, 'at least 0.80', share.toFixed(2), share >= 0.8),
      bar(`${store}: growth of memory`, 'under 100 MB', `${growth.toFixed(0)} MB`, growth < 100),
      bar(
        `${store}: nothing changed`,
        'under 150 ms, 1 request',
        warm,
        warmMs.median < 150 && warmRequests === 1,
      ),
    ]
  })
}

function shareOfLimit(one: CaseResult, wanted: number): Bar[] {
  return [8, 32].flatMap((concurrency) => {
    const load = loadAt(serverOf(one, 'app'), concurrency)
    if (!load) return []
    const { median, min, max } = load.ofLimit
    const what = `${one.id}, ${concurrency} clients: share of the machine's limit`
    const found = `${median.toFixed(2)} (${min.toFixed(2)}-${max.toFixed(2)})`
    return [bar(what, `at least ${wanted.toFixed(2)}`, found, median >= wanted)]
  })
}

function timesOther(one: CaseResult, name: 'naive' | 'flask', wanted: number): Bar[] {
  const [ours, other] = ['app', name].map((server) => loadAt(serverOf(one, server), 32))
  if (!ours || !other) return []
  const times = ours.requestsPerSecond.median / other.requestsPerSecond.median
  const what = `${one.id}, 32 clients: times the ${name === 'naive' ? 'naive server' : 'Flask original'}`
  const most = one.limit.median / other.requestsPerSecond.median
  const found = `${times.toFixed(1)} (the limit itself: ${most.toFixed(1)})`
  return [bar(what, `at least ${wanted}`, found, times >= wanted)]
}

function health(one: CaseResult): Bar[] {
  const loads = (serverOf(one, 'app')?.loads ?? []).filter(({ concurrency }) => concurrency > 1)
  if (loads.length === 0) return []
  const worst = Math.max(...loads.map(({ healthP99 }) => healthP99.median))
  const failures = loads.reduce((sum, { healthFailures }) => sum + healthFailures, 0)
  const found = `${worst.toFixed(1)} ms, ${failures} failed`
  return [
    bar(
      `${one.id}: /healthz p99 at saturation`,
      'at most 25 ms, none failed',
      found,
      worst <= 25 && failures === 0,
    ),
  ]
}

function overloadBars(one: CaseResult): Bar[] {
  if (!one.overload) return []
  const { share, refused, refusedP99, other, lost, rssGrowth } = one.overload
  const what = `${one.id}, four times its capacity`
  const found = `${share.median.toFixed(2)} (${share.min.toFixed(2)}-${share.max.toFixed(2)})`
  return [
    bar(`${what}: answered, share of the peak`, 'at least 0.90', found, share.median >= 0.9),
    bar(
      `${what}: 503 with Retry-After, p99`,
      'within 100 ms',
      refused === 0 ? 'none was refused' : `${refusedP99.toFixed(1)} ms (${refused} of them)`,
      refusedP99 <= 100 && other === 0,
    ),
    bar(`${what}: without an answer`, 'none', String(lost), lost === 0),
    ...(rssGrowth === undefined
      ? []
      : [bar(`${what}: RSS growth`, 'under 64 MB', `${rssGrowth.toFixed(0)} MB`, rssGrowth < 64)]),
  ]
}

function memoryBars(one: CaseResult): Bar[] {
  const { rss, pss } = serverOf(one, 'app') ?? {}
  if (!rss || !pss) return []
  return [
    bar(`${one.id}: RSS`, 'at most 450 MB', `${rss.median.toFixed(0)} MB`, rss.median <= 450),
    bar(`${one.id}: PSS`, 'at most 320 MB', `${pss.median.toFixed(0)} MB`, pss.median <= 320),
  ]
}

function coldStart({ id, coldStart: { optimised, plainStart } }: CaseResult): Bar {
  const share = optimised.median / plainStart.median
  const found = `${share.toFixed(2)} (${seconds(optimised.median)} against ${seconds(plainStart.median)})`
  return bar(
    `${id}: cold start to the first answer, share of a plain start`,
    'at most 0.60',
    found,
    share <= 0.6,
  )
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`
}

function bar(what: string, wanted: string, found: string, met: boolean): Bar {
  return { what, wanted, found, met }
}
