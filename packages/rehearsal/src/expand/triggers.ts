import { z } from 'zod'
import { flag, ignored, list, node, text, texts } from './read.js'
import { isMap } from './values.js'

/** A list stands for what is included. */
const filter = node('a filter', { include: texts.default([]), exclude: texts.default([]) }, (value) =>
  isMap(value) ? value : { include: value },
)
type Filter = z.output<typeof filter>

const settings = {
  ...{ branches: filter.optional(), paths: filter.optional(), tags: texts.default([]) },
  ...{ batch: ignored, autoCancel: ignored, drafts: ignored },
}
const started = node('a trigger', settings, (value) =>
  isMap(value) ? value : value === '' || value === 'true' ? {} : { branches: value },
)

/** `none`, a list of branches, or a mapping; undefined: nothing starts it. */
const trigger = z.preprocess((value) => (value === 'none' ? undefined : value), started.optional())

export const triggers = {
  // Without `trigger` every push starts the pipeline.
  trigger: z.preprocess((value) => value ?? '', trigger),
  pr: z.preprocess((value) => value ?? '', trigger),
  schedules: list(
    node('a schedule', {
      cron: text,
      displayName: text.default(''),
      branches: filter.optional(),
      ...{ always: flag.default(false), batch: ignored },
    }),
  ).default([]),
}

/** Other pipelines whose runs start this one, or give it artifacts. */
export const resources = node('resources', {
  pipelines: list(
    node('a pipeline resource', {
      /** What this pipeline calls it. */
      pipeline: text,
      /** The other pipeline's name in Azure DevOps. */
      source: text,
      /** What a run must carry to be offered to somebody who starts this pipeline by hand. */
      tags: texts.default([]),
      trigger,
      ...{ branch: ignored, project: ignored },
    }),
  ).default([]),
})

/** Whether a branch or path passes a filter. An empty one lets everything through; `*` stands for anything. */
export function passes(filter: Pick<Filter, 'include' | 'exclude'> | undefined, name: string): boolean {
  const { include, exclude } = filter ?? { include: [], exclude: [] }
  const matches = (pattern: string) => {
    const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')
    // A path filter names a folder with all that is in it.
    return new RegExp(`^(refs/heads/)?${escaped}(/.*)?$`).test(name)
  }
  return (include.length === 0 || include.some(matches)) && !exclude.some(matches)
}
