import { PipelineError } from './errors.js'
import type { Step } from './pipeline.js'
import type { Reader } from './reader.js'

/** The short forms of steps and the inputs that stand beside them. */
const SHORT_FORMS: Record<string, string[]> = {
  script: ['workingDirectory', 'failOnStderr'],
  bash: ['workingDirectory', 'failOnStderr'],
  checkout: ['clean', 'fetchDepth', 'fetchTags', 'lfs', 'persistCredentials', 'submodules', 'path'],
  publish: ['artifact'],
  download: ['artifact', 'patterns'],
}

/** Reads a step: `task:`, or one of the short forms. */
export function readStep(reader: Reader): Step {
  const short = Object.keys(SHORT_FORMS).find((key) => reader.has(key))
  const task = short ?? reader.text('task')
  if (!task) {
    const [first = 'nothing'] = Object.keys(reader.map)
    const known = ['task', ...Object.keys(SHORT_FORMS)].join(', ')
    throw new PipelineError(
      `the rehearsal does not know steps that begin with ${first}. It knows: ${known}`,
      reader.at,
    )
  }
  const inputs = reader.record('inputs')
  for (const key of short ? [short, ...(SHORT_FORMS[short] ?? [])] : []) {
    const value = reader.text(key)
    if (value !== undefined) inputs[key] = value
  }
  const [name, condition] = [reader.text('name'), reader.text('condition')]
  const step: Step = {
    task,
    inputs,
    displayName: reader.text('displayName') || defaultName(task, inputs),
    ...(name && { name }),
    ...(condition && { condition }),
    conditionAt: reader.atKey('condition'),
    continueOnError: reader.boolean('continueOnError', false),
    enabled: reader.boolean('enabled', true),
    env: reader.record('env'),
    timeoutInMinutes: reader.text('timeoutInMinutes') ?? '0',
    retryCountOnTaskFailure: reader.text('retryCountOnTaskFailure') ?? '0',
    at: reader.at,
  }
  if (name && !/^\w+$/.test(name))
    throw reader.error('name', `${name} is no step name: letters, digits and _ only`)
  reader.done()
  return step
}

function defaultName(task: string, inputs: Record<string, string>): string {
  if (task === 'script' || task === 'bash')
    return (inputs[task] ?? '').trim().split('\n')[0]?.slice(0, 60) ?? ''
  if (task === 'checkout') return 'Checkout'
  if (task === 'publish' || task === 'download')
    return `${task === 'publish' ? 'Publish' : 'Download'} ${inputs.artifact ?? ''}`
  return task
}
