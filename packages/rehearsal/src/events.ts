import { execFileSync } from 'node:child_process'
import type { Pipeline } from './expand/index.js'
import { passes } from './expand/triggers.js'
import { type Options, UsageError } from './options.js'
import type { Trigger } from './run/predefined.js'
import type { RunRecord } from './run/record.js'

const PULL_REQUEST = '1'

/** What Azure Pipelines would tell a run that this event starts. */
export function triggerOf(options: Options, pipeline: Pipeline | undefined, root: string): Trigger {
  const git = (...args: string[]) => execFileSync('git', ['-C', root, ...args], { encoding: 'utf8' }).trim()
  const base = { commit: git('rev-parse', 'HEAD'), message: git('log', '-1', '--format=%B') }
  const branch = `refs/heads/${options.branch}`
  switch (options.event) {
    case 'push':
      return { ...base, reason: 'IndividualCI', branch, variables: {} }
    case 'pr':
      return {
        ...{ ...base, reason: 'PullRequest', branch: `refs/pull/${PULL_REQUEST}/merge` },
        variables: {
          'System.PullRequest.PullRequestId': PULL_REQUEST,
          'System.PullRequest.TargetBranch': branch,
          'System.PullRequest.SourceBranch': 'refs/heads/a-change',
        },
      }
    case 'schedule': {
      const name = options.schedule ?? pipeline?.triggers.schedules[0]?.displayName ?? ''
      return { ...base, reason: 'Schedule', branch, variables: { 'Build.CronSchedule.DisplayName': name } }
    }
    case 'model':
      // A call of the runs API after `model publish`.
      return { ...base, reason: 'Manual', branch, variables: {} }
  }
}

/** Why the event does not start the pipeline; undefined when it does. */
export function whyNot({ triggers }: Pipeline, options: Options): string | undefined {
  const { event, branch, changed, schedule } = options
  if (event === 'model') return undefined
  if (event === 'schedule') {
    const wanted = triggers.schedules.find(
      ({ displayName }) => schedule === undefined || displayName === schedule,
    )
    if (!wanted) {
      const names = triggers.schedules.map(({ displayName }) => displayName).join(', ') || 'none'
      throw new UsageError(`there is no schedule ${schedule ?? ''}. There are: ${names}`)
    }
    return passes(wanted.branches, `refs/heads/${branch}`) ? undefined : `its schedule is not for ${branch}`
  }
  const trigger = event === 'push' ? triggers.push : triggers.pullRequest
  if (!trigger) return `${event === 'push' ? 'trigger' : 'pr'} is none`
  if (!passes(trigger.branches, `refs/heads/${branch}`)) return `its branches don't include ${branch}`
  if (changed && !changed.some((path) => passes(trigger.paths, path)))
    return `its paths don't include ${changed.join(', ')}`
  return undefined
}

/** Whether a finished run starts another pipeline, and under which alias that knows it. */
export function startsAfter(run: RunRecord, { resources }: Pipeline): string | undefined {
  return resources.find(
    ({ source, trigger }) =>
      source === run.name &&
      trigger !== undefined &&
      passes(trigger.branches, run.branch) &&
      trigger.tags.every((tag) => run.tags.includes(tag)),
  )?.alias
}
