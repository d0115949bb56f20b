import { parseArgs } from 'node:util'

export const EVENTS = ['push', 'pr', 'schedule', 'model']

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

The report is in .local/rehearsal/report: index.html, summary.md, junit.xml, logs.
Exit code: 0 all good, 1 a run failed, 2 a mistake in the YAML or on the command line, 130 interrupted.
`

export type Options = ReturnType<typeof parseOptions>

/** @throws UsageError */
export function parseOptions(args: string[]) {
  const values = parse(args)
  if (!EVENTS.includes(values.event))
    throw new UsageError(`--event must be ${EVENTS.join(', ')}, and is ${values.event}`)
  if (values.stage && values.from) throw new UsageError('--stage and --from exclude each other')
  const parameters = values.parameter.map((each) => {
    const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(each) ?? []
    if (name === '') throw new UsageError(`--parameter must be name=value, and is ${each}`)
    return [name, value]
  })
  return { ...values, parameters: Object.fromEntries(parameters) as Record<string, string> }
}

function parse(args: string[]) {
  const text = { type: 'string' } as const
  const texts = { type: 'string', multiple: true } as const
  const flag = { type: 'boolean', default: false } as const
  try {
    const options = {
      ...{ event: { ...text, default: 'push' }, branch: { ...text, default: 'main' }, schedule: text },
      ...{ changed: texts, parameter: { ...texts, default: [] }, approve: flag, stage: texts, from: text },
      ...{ pipeline: text, build: text, list: flag, 'dry-run': flag, scenario: text },
      help: { ...flag, short: 'h' },
    } as const
    return parseArgs({ args, options }).values
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/\. To specify.*$/s, '.'))
  }
}
