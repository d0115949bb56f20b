import { describe, expect, test } from '@jest/globals'
import { bars } from '../src/bars.js'
import { chart } from '../src/report/chart.js'
import { markdownReports, terminalReport } from '../src/report/text.js'
import type { LoadResult, Results } from '../src/results.js'
import { quantile, shares, spread } from '../src/stats.js'

const same = (value: number) => spread([value])

function load(concurrency: number, requestsPerSecond: number): LoadResult {
  return {
    concurrency,
    requestsPerSecond: spread([requestsPerSecond - 1, requestsPerSecond, requestsPerSecond + 2]),
    ofLimit: same(requestsPerSecond / 100),
    p50: same(5),
    p99: same(9),
    failures: 0,
    healthP99: same(12),
    healthFailures: 0,
  }
}

/** A ResNet-50 at a limit of 100 images per second, with these rates for 8 and 32 clients. */
function results(at8: number, at32: number, change: Partial<Results['cases'][number]> = {}): Results {
  return {
    machine: { cpu: 'A CPU & more', cores: 2, node: '20.19.0', onnxRuntime: '1.30.0', loadAverage: 0 },
    mode: 'full',
    seconds: 10,
    repetitions: 3,
    skipped: ['the Flask original: it is not there'],
    pulls: [],
    cases: [
      {
        id: 'resnet50',
        title: 'ResNet-50 <shape>',
        limit: same(100),
        servers: [
          { server: 'app', loads: [load(8, at8), load(32, at32)], rss: same(400), pss: same(300) },
          { server: 'naive', loads: [load(8, 50), load(32, 45)], rss: same(300), pss: same(290) },
        ],
        coldStart: { optimised: same(400), plain: same(500), plainStart: same(800) },
        ...change,
      },
    ],
  }
}

const overload = { share: same(0.95), refused: 9_100, refusedP99: 20, other: 0, lost: 0, rssGrowth: 30 }

describe('the bars', () => {
  test('when every figure is good, then all are met', () => {
    const list = bars(results(95, 93, { overload }))
    expect(list.filter(({ met }) => !met)).toEqual([])
    expect(list).toHaveLength(10)
  })

  test.each([
    ['too little throughput', results(95, 80), /32 clients: share/],
    [
      'a server that refusals keep busy',
      results(95, 93, { overload: { ...overload, share: same(0.8) } }),
      /share of the peak/,
    ],
    ['a lost request', results(95, 93, { overload: { ...overload, lost: 1 } }), /without an answer/],
    [
      'a slow refusal',
      results(95, 93, { overload: { ...overload, refusedP99: 150 } }),
      /503 with Retry-After/,
    ],
    [
      'a slow start',
      results(95, 93, { coldStart: { optimised: same(600), plain: same(700), plainStart: same(800) } }),
      /cold start/,
    ],
  ])('when there is %s, then that one is not met', (_, found, what) => {
    const notMet = bars(found).filter(({ met }) => !met)
    expect(notMet).toHaveLength(1)
    expect(notMet[0]?.what).toMatch(what)
  })

  test('when nothing was under load, then they say nothing of it', () => {
    expect(bars(results(95, 93, { servers: [] })).map(({ what }) => what)).toEqual([
      'resnet50: cold start to the first answer, share of a plain start',
    ])
  })
})

describe('the reports', () => {
  test('when they are written, then they hold medians, spreads and what was skipped', () => {
    for (const text of [
      terminalReport(results(95, 80)),
      markdownReports(results(95, 80), 'x.svg')[0]?.text,
    ]) {
      expect(text).toContain('80.0 (79.0-82.0)')
      expect(text).toContain('0.80')
      expect(text).toContain('not met')
      expect(text).toContain('the Flask original: it is not there')
    }
  })

  test('when the chart is drawn, then its text is escaped and has every server', () => {
    const svg = chart(results(95, 93))
    expect(svg).toContain('ResNet-50 &lt;shape&gt;')
    for (const text of ['limit, no HTTP', 'this app', 'naive Express server', '93.0/s', '93 %'])
      expect(svg).toContain(text)
    expect(svg).toContain('prefers-color-scheme: dark')
  })
})

describe('shares', () => {
  test('when the machine becomes slower, then that is not in them', () => {
    expect(shares([90, 45], [[100], [60, 40]])).toEqual({ median: 0.9, min: 0.9, max: 0.9 })
  })
})

describe('quantiles', () => {
  test('when there are several values, then it lies between the nearest two', () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5)
    expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 })
  })

  test('when there is none, then it is not a number', () => {
    expect(quantile([], 0.99)).toBeNaN()
  })
})
