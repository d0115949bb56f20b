import { basename, join } from 'node:path'
import { formatDate } from '../expand/functions.js'
import type { Pipeline } from '../expand/index.js'
import type { History } from './history.js'
import type { RunRecord } from './record.js'

/** What starts a run, as Azure Pipelines would tell it. */
export interface Trigger {
  /** Build.Reason. */
  reason: 'IndividualCI' | 'PullRequest' | 'Schedule' | 'Manual' | 'ResourceTrigger'
  /** refs/heads/... or refs/pull/.../merge */
  branch: string
  commit: string
  message: string
  /** Further variables, such as Build.CronSchedule.DisplayName. */
  variables: Record<string, string>
}

/** Variables that are known when the YAML is expanded. Microsoft: pipelines/build/variables */
export function compileTimeVariables(name: string, trigger: Trigger, root: string): Record<string, string> {
  const { reason, branch, commit } = trigger
  return {
    'Build.Reason': reason,
    'Build.DefinitionName': name,
    'Build.SourceBranch': branch,
    'Build.SourceBranchName': branch.split('/').at(-1) ?? '',
    'Build.SourceVersion': commit,
    'Build.Repository.Name': basename(root),
    'Build.Repository.Uri': `file://${root}`,
    'Build.Repository.Provider': 'Git',
    'Build.QueuedBy': 'rehearsal',
    'Build.RequestedFor': 'rehearsal',
    'System.TeamProject': 'rehearsal',
    'System.CollectionUri': 'https://dev.azure.com/rehearsal/',
    'System.TeamFoundationCollectionUri': 'https://dev.azure.com/rehearsal/',
    'System.HostType': 'build',
    ...trigger.variables,
  }
}

/** Variables of a whole run. */
export function runVariables(
  record: RunRecord,
  pipeline: Pipeline,
  trigger: Trigger,
  resources: Record<string, RunRecord>,
) {
  const values: Record<string, string> = {
    'Build.BuildId': String(record.id),
    'Build.BuildNumber': record.number,
    'Build.SourceVersionMessage': trigger.message.split('\n')[0] ?? '',
    'System.DefinitionId': record.name,
    'System.PipelineStartTime': new Date(record.startedAt ?? 0).toISOString(),
    'Pipeline.DefinitionFile': pipeline.file,
  }
  for (const [alias, run] of Object.entries(resources)) {
    Object.assign(values, {
      [`resources.pipeline.${alias}.pipelineName`]: run.name,
      [`resources.pipeline.${alias}.pipelineID`]: run.name,
      [`resources.pipeline.${alias}.runName`]: run.number,
      [`resources.pipeline.${alias}.runID`]: String(run.id),
      [`resources.pipeline.${alias}.sourceBranch`]: run.branch,
      [`resources.pipeline.${alias}.sourceCommit`]: run.commit,
    })
  }
  return values
}

/** The folders of a job's agent. */
export function agentVariables(workspace: string, attempt = 1): Record<string, string> {
  return {
    'Agent.BuildDirectory': workspace,
    'Agent.Id': '1',
    'Agent.JobStatus': 'Succeeded',
    'Agent.MachineName': 'laptop',
    'Agent.Name': 'rehearsal',
    'Agent.OS': process.platform === 'darwin' ? 'Darwin' : 'Linux',
    'Agent.OSArchitecture': process.arch === 'arm64' ? 'ARM64' : 'X64',
    'Agent.TempDirectory': join(workspace, 'tmp'),
    'Agent.ToolsDirectory': join(workspace, 'tools'),
    'Agent.WorkFolder': workspace,
    'Build.ArtifactStagingDirectory': join(workspace, 'a'),
    'Build.BinariesDirectory': join(workspace, 'b'),
    'Build.SourcesDirectory': join(workspace, 's'),
    'Build.StagingDirectory': join(workspace, 'a'),
    'Common.TestResultsDirectory': join(workspace, 'TestResults'),
    'Pipeline.Workspace': workspace,
    'System.ArtifactsDirectory': join(workspace, 'a'),
    'System.DefaultWorkingDirectory': join(workspace, 's'),
    'System.JobAttempt': String(attempt),
  }
}

/** A run's number: $(Date:yyyyMMdd), $(Rev:r) and variables. */
export function runNumber(
  pipeline: string,
  format: string,
  expand: (text: string) => string,
  history: History,
): string {
  const dated = format.replace(/\$\(Date:([^)]*)\)/g, (_, pattern: string) => formatDate(new Date(), pattern))
  const expanded = expand(dated)
  return expanded.replace(/\$\(Rev:(\.?)(r+)\)/, (_, dot: string, digits: string) => {
    const revision = history.count(pipeline, `number ${expanded}`, 1)
    return `${dot}${String(revision).padStart(digits.length, '0')}`
  })
}
