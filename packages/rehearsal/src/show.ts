import { stringify } from 'yaml'
import type { Prepared } from './pipelines.js'

/** Stages, jobs and steps, for `--list`. */
export function list(prepared: Prepared[]): string {
  const lines = prepared.flatMap(({ name, pipeline, trigger }) => [
    `${name} (${pipeline.file}), ${trigger.reason}`,
    ...pipeline.stages.flatMap((stage) => [
      `  ${stage.name}${stage.dependsOn.length > 0 ? ` after ${stage.dependsOn.join(', ')}` : ''}`,
      ...stage.jobs.flatMap((job) => [
        `    ${job.name}: ${job.displayName}`,
        ...job.hooks.flatMap(({ steps }) => steps.map((step) => `      ${step.displayName} [${step.task}]`)),
      ]),
    ]),
  ])
  return `${lines.join('\n')}\n`
}

/** The expanded plan as YAML, for `--dry-run`. Where things came from is left out. */
export function plan(prepared: Prepared[]): string {
  const documents = prepared.map(({ name, pipeline }) => ({ pipeline: name, ...pipeline }))
  const replacer = (key: unknown, value: unknown) =>
    key === 'at' || key === 'conditionAt' ? undefined : value
  const options = { aliasDuplicateObjects: false, lineWidth: 0 }
  return documents
    .map((each) => `---\n${stringify(JSON.parse(JSON.stringify(each, replacer)), options)}`)
    .join('')
}
