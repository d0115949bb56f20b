import { existsSync, readFileSync } from 'node:fs'
import type { TaskContext } from '../tasks/task.js'
import type { Result } from './record.js'

type Handler = (message: string, properties: Record<string, string>, context: TaskContext) => void

const handlers: Record<string, Handler> = {
  'task.setvariable': setVariable,
  'task.setsecret': (secret, _, { run }) => run.mask.add(secret),
  'task.prependpath': (folder, _, { job }) => job.path.unshift(folder),
  'task.logissue': (message, { type }, { report }) =>
    report(type === 'warning' ? 'warning' : 'error', message),
  'task.complete': (_, { result = 'Succeeded' }, { complete }) => complete(result as Result),
  'task.uploadsummary'(path, _, { run, job, report }) {
    if (!existsSync(path)) return report('error', `uploadsummary: there is no file ${path}`)
    run.record.summaries.push({
      job: job.record.displayName,
      text: run.mask.apply(readFileSync(path, 'utf8')),
    })
  },
  'build.addbuildtag': (tag, _, { run }) => {
    if (!run.record.tags.includes(tag)) run.record.tags.push(tag)
  },
}

/**
 * Obeys the `##vso[...]` of a line. Microsoft: pipelines/scripts/logging-commands
 * @returns whether there was one
 */
export function command(line: string, context: TaskContext): boolean {
  const match = /##vso\[([\w.]+)\s*([^\]]*)\](.*)$/.exec(line)
  if (!match) return false
  const [, name = '', list = '', message = ''] = match
  const pairs = list
    .split(';')
    .filter(Boolean)
    .map((pair) => /^\s*([^=]+)=(.*)$/s.exec(pair) ?? [])
  const properties = pairs.map(([, key = '', value = '']) => [key.trim().toLowerCase(), decode(value)])
  const handler = handlers[name.toLowerCase()]
  if (handler) handler(decode(message), Object.fromEntries(properties), context)
  else {
    const known = Object.keys(handlers).join(', ')
    context.report('error', `the rehearsal does not know ##vso[${name}]. It knows: ${known}`)
    context.complete('Failed')
  }
  return true
}

function setVariable(message: string, properties: Record<string, string>, context: TaskContext): void {
  const { step, run, job, report, log } = context
  const { variable, issecret = '', isoutput = '', ...others } = properties
  const [strange] = variable ? Object.keys(others) : ['without variable=']
  if (strange !== undefined) report('error', `the rehearsal does not know setvariable ${strange}`)
  const [isSecret, isOutput] = [issecret, isoutput].map((each) => /^true$/i.test(each))
  if (isSecret) run.mask.add(message)
  // An output of a step without a name can't be named by anybody.
  if (isOutput && step.name === undefined) return
  const name = isOutput ? `${step.name}.${variable}` : `${variable}`
  job.variables.set(name, message, isSecret)
  if (isOutput) job.record.outputs[job.record.environment ? `${job.record.name}.${name}` : name] = message
  log(`${name} = ${message}`)
}

function decode(text: string): string {
  const escapes = { '%3B': ';', '%0D': '\r', '%0A': '\n', '%5D': ']', '%AZP25': '%' }
  return text.replace(/%3B|%0D|%0A|%5D|%AZP25/g, (each) => escapes[each as keyof typeof escapes])
}
