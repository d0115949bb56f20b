import { parseArgs } from 'node:util'

export const help = `npm run bench                      every case, three times, about half an hour
npm run bench -- --quick           every case once, under two minutes: for a first look
npm run bench -- --only resnet50   one case: sample, sample-1, mobilenet, resnet50 or pull
npm run bench -- --flask <folder>  also the original's stack, made by packages/bench/flask/setup.sh <folder>
npm run bench -- --report docs/performance.md
                                   writes tables and chart into this file, between its markers
npm run bench -- --out <folder>    where results.json and chart.svg go (.local/bench)

The machine has to be at rest, and nothing else may run meanwhile. The load comes from wrk (apt-get install wrk).
`

/** How long and how often things are measured. */
export interface Effort {
  repetitions: number
  /** Seconds of load for one figure. */
  seconds: number
  warmUpSeconds: number
  concurrency: number[]
  coldStarts: number
  overloadSeconds: number
  /** Size of the model that is pulled. */
  pullMegabytes: number
}

const EFFORTS: Record<'full' | 'quick' | 'smoke', Effort> = {
  full: {
    repetitions: 3,
    seconds: 10,
    warmUpSeconds: 2,
    concurrency: [1, 8, 32],
    coldStarts: 5,
    overloadSeconds: 30,
    pullMegabytes: 1000,
  },
  quick: {
    repetitions: 1,
    seconds: 1,
    warmUpSeconds: 1,
    concurrency: [1, 8, 32],
    coldStarts: 1,
    overloadSeconds: 5,
    pullMegabytes: 100,
  },
  /** For the test that everything still fits together: its figures mean nothing. */
  smoke: {
    repetitions: 1,
    seconds: 0.3,
    warmUpSeconds: 0.1,
    concurrency: [2],
    coldStarts: 1,
    overloadSeconds: 0.5,
    pullMegabytes: 20,
  },
}

export interface Options {
  effort: Effort
  mode: keyof typeof EFFORTS
  only: string | undefined
  flask: string | undefined
  report: string | undefined
  out: string
}

/** @returns undefined when help is wanted. @throws TypeError for an unknown option */
export function parseOptions(args: string[]): Options | undefined {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const { values } = parseArgs({
    args,
    options: { quick: flag, smoke: flag, only: text, flask: text, report: text, out: text, help: flag },
  })
  if (values.help) return undefined
  const mode = values.smoke ? 'smoke' : values.quick ? 'quick' : 'full'
  const { only, flask, report, out = '.local/bench' } = values
  return { mode, effort: EFFORTS[mode], only, flask, report, out }
}
