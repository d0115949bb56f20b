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
        ...job.steps.map(({ displayName, task }) => `      ${displayName} [${task}]`),
      ]),
    ]),
  ])
  return `${lines.join('\n')}\n`
}

/** The expanded YAML, for `--dry-run`. */
export function plan(prepared: Prepared[]): string {
  const options = { aliasDuplicateObjects: false, lineWidth: 0 }
  const documents = prepared.map(({ name, pipeline }) =>
    stringify({ pipeline: name, ...pipeline.content }, options),
  )
  return documents.map((each) => `---\n${each}`).join('')
}
