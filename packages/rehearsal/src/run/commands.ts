import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Step } from '../expand/index.js'
import type { RunContext } from './context.js'
import { type LoggingCommand, parseLoggingCommand } from './logging-commands.js'
import type { Result } from './record.js'
import type { JobState } from './run-step.js'

export interface CommandContext {
  step: Step
  job: JobState
  run: RunContext
  /** What task.complete said. */
  state: { result: Result | undefined }
  report(type: 'error' | 'warning', message: string): void
  write(line: string): void
}

type Handler = (command: LoggingCommand, context: CommandContext) => void

const handlers: Record<string, Handler> = {
  'task.setvariable': setVariable,
  'task.setsecret': ({ message }, { run }) => run.mask.add(message),
  'task.prependpath': ({ message }, { job }) => job.path.unshift(message),
  'task.logissue'({ properties, message }, { report }) {
    report(properties.type === 'warning' ? 'warning' : 'error', message)
  },
  'task.complete'({ properties }, { state }) {
    state.result = (properties.result ?? 'Succeeded') as Result
  },
  'task.uploadsummary'({ message }, { run, job, report }) {
    if (!existsSync(message)) return report('error', `uploadsummary: there is no file ${message}`)
    run.record.summaries.push({
      job: job.record.displayName,
      text: run.mask.apply(readFileSync(message, 'utf8')),
    })
  },
  'task.uploadfile'({ message }, { run, job, report }) {
    if (!existsSync(message)) return report('error', `uploadfile: there is no file ${message}`)
    const folder = join(run.reportFolder, 'files', job.record.name)
    mkdirSync(folder, { recursive: true })
    copyFileSync(message, join(folder, basename(message)))
  },
  'task.setprogress': () => {},
  'task.debug': ({ message }, { write }) => write(`##[debug]${message}`),
  'build.addbuildtag'({ message }, { run }) {
    if (!run.record.tags.includes(message)) run.record.tags.push(message)
  },
  'build.updatebuildnumber'({ message }, { run, job }) {
    run.record.number = message
    job.variables.set('Build.BuildNumber', message)
  },
  'artifact.upload'({ properties, message }, { run, job, report }) {
    const { artifactname = '' } = properties
    if (!existsSync(message)) return report('error', `artifact.upload: there is nothing at ${message}`)
    const target = join(run.folder, 'artifacts', String(run.record.id), artifactname)
    cpSync(message, join(target, basename(message)), { recursive: true })
    job.stage.artifacts[artifactname] = target
  },
}

/** Obeys the `##vso[...]` of a line. @returns whether there was one */
export function command(line: string, context: CommandContext): boolean {
  const parsed = parseLoggingCommand(line)
  if (!parsed) return false
  const handler = handlers[parsed.name]
  if (handler) {
    handler(parsed, context)
  } else {
    const known = Object.keys(handlers).join(', ')
    context.report('error', `the rehearsal does not know ##vso[${parsed.name}]. It knows: ${known}`)
    context.state.result = 'Failed'
  }
  return true
}

function setVariable(
  { properties, message }: LoggingCommand,
  { step, job, run, report, write }: CommandContext,
): void {
  const { variable = '', issecret = '', isoutput = '', isreadonly = '' } = properties
  const [secret, readonly] = [issecret, isreadonly].map((each) => each.toLowerCase() === 'true')
  if (variable === '') {
    report('error', 'setvariable without a variable')
    return
  }
  if (secret) run.mask.add(message)
  const isOutput = isoutput.toLowerCase() === 'true'
  // An output of a step without a name can't be named by anybody.
  if (isOutput && step.name === undefined) return
  const name = isOutput ? `${step.name}.${variable}` : variable
  try {
    job.variables.set(name, message, { secret: secret === true, readonly: readonly === true })
  } catch (error) {
    report('error', (error as Error).message)
    return
  }
  if (isOutput) job.record.outputs[`${job.outputPrefix}${name}`] = message
  write(`${name} = ${message}`)
}
