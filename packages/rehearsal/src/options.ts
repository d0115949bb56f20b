import { parseArgs } from 'node:util'

export const EVENTS = ['push', 'pr', 'schedule', 'model'] as const
export type Event = (typeof EVENTS)[number]

export interface Options {
  event: Event
  branch: string
  /** undefined: everything. */
  changed?: string[]
  /** The displayName of the schedule. */
  schedule?: string
  approve: boolean
  stages: string[]
  from?: string
  list: boolean
  dryRun: boolean
  scenario?: string
  /** A pipeline that a person starts, instead of an event. */
  pipeline?: string
  /** The number of the run that it gets as its resource. */
  build?: string
  parameters: Record<string, string>
  fresh: boolean
  help: boolean
}

/** Something on the command line is wrong. */
export class UsageError extends Error {}

export const help = `npm run rehearse                      a push to main, on this machine: build, then release
npm run rehearse -- <options>

  --event push|pr|schedule|model  what happened (push). model: a new model is published, and starts a build
  --branch <name>                 where it happened (main)
  --changed <path>                a changed path, may be repeated (all paths)
  --schedule <name>               which schedule's time has come (the first)
  --parameter <name>=<value>      a parameter of the pipeline, may be repeated
  --approve                       approves every deployment that asks for it
  --stage <name>                  runs this stage only, may be repeated; the rest is taken from the last rehearsal
  --from <name>                   runs this stage and all after it; the rest is taken from the last rehearsal
  --pipeline <name>               starts this pipeline by hand, such as inference-rollback
  --build <number>                which build it gets (the last good one)
  --list                          shows stages, jobs and steps, and runs nothing
  --dry-run                       prints the expanded plan as YAML, and runs nothing
  --scenario <name>               something goes wrong on purpose; "list" names them, "all" plays all
  --fresh                         lets turbo use no results of earlier runs

The report is in .local/rehearsal/report: index.html, summary.md, junit.xml, logs.
Exit code: 0 all good, 1 a run failed, 2 a mistake in the YAML or on the command line, 130 interrupted.
`

/** @throws UsageError */
export function parseOptions(args: string[]): Options {
  const values = parse(args)
  const event = values.event ?? 'push'
  if (!EVENTS.includes(event as Event))
    throw new UsageError(`--event must be ${EVENTS.join(', ')}, and is ${event}`)
  if (values.stage && values.from !== undefined) throw new UsageError('--stage and --from exclude each other')
  return {
    event: event as Event,
    branch: values.branch ?? 'main',
    ...(values.changed && { changed: values.changed }),
    ...(values.schedule !== undefined && { schedule: values.schedule }),
    approve: values.approve ?? false,
    stages: values.stage ?? [],
    ...(values.from !== undefined && { from: values.from }),
    ...(values.pipeline !== undefined && { pipeline: values.pipeline }),
    ...(values.build !== undefined && { build: values.build }),
    list: values.list ?? false,
    dryRun: values['dry-run'] ?? false,
    ...(values.scenario !== undefined && { scenario: values.scenario }),
    parameters: Object.fromEntries((values.parameter ?? []).map(parameter)),
    fresh: values.fresh ?? false,
    help: values.help ?? false,
  }
}

function parameter(text: string): [string, string] {
  const equals = text.indexOf('=')
  if (equals < 1) throw new UsageError(`--parameter must be name=value, and is ${text}`)
  return [text.slice(0, equals), text.slice(equals + 1)]
}

function parse(args: string[]) {
  const text = { type: 'string' } as const
  const texts = { type: 'string', multiple: true } as const
  const flag = { type: 'boolean' } as const
  try {
    return parseArgs({
      args,
      options: {
        ...{ event: text, branch: text, changed: texts, schedule: text, parameter: texts, approve: flag },
        ...{ stage: texts, from: text, list: flag, 'dry-run': flag, scenario: text, fresh: flag },
        ...{ pipeline: text, build: text },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/\. To specify.*$/s, '.'))
  }
}
