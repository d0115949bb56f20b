import { basename, join } from 'node:path'

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
  return {
    'Build.Reason': trigger.reason,
    'Build.DefinitionName': name,
    'Build.SourceBranch': trigger.branch,
    'Build.SourceBranchName': trigger.branch.split('/').at(-1) ?? '',
    'Build.SourceVersion': trigger.commit,
    'Build.SourceVersionMessage': trigger.message.split('\n')[0] ?? '',
    'Build.Repository.Name': basename(root),
    'Build.Repository.Uri': `file://${root}`,
    'Build.RequestedFor': 'rehearsal',
    'System.CollectionUri': 'https://dev.azure.com/rehearsal/',
    'System.DefinitionId': name,
    'System.TeamProject': 'rehearsal',
    ...trigger.variables,
  }
}

/** Variables of a whole run, once it has begun. */
export function runVariables(id: number, number: string): Record<string, string> {
  return { 'Build.BuildId': String(id), 'Build.BuildNumber': number }
}

/** The names and folders of a job. */
export function jobVariables(workspace: string, stage: string, job: { name: string; displayName: string }) {
  return {
    'Agent.BuildDirectory': workspace,
    'Agent.JobName': job.displayName,
    'Agent.JobStatus': 'Succeeded',
    'Agent.MachineName': 'laptop',
    'Agent.OS': process.platform === 'darwin' ? 'Darwin' : 'Linux',
    'Agent.OSArchitecture': process.arch === 'arm64' ? 'ARM64' : 'X64',
    'Agent.TempDirectory': join(workspace, 'tmp'),
    'Agent.ToolsDirectory': join(workspace, 'tools'),
    'Build.ArtifactStagingDirectory': join(workspace, 'a'),
    'Build.SourcesDirectory': join(workspace, 's'),
    'Pipeline.Workspace': workspace,
    'System.DefaultWorkingDirectory': join(workspace, 's'),
    'System.JobAttempt': '1',
    'System.JobName': job.name,
    'System.StageName': stage,
  }
}

/** Every predefined variable that there is here. */
export function predefinedNames(): string[] {
  const trigger: Trigger = { reason: 'Manual', branch: '', commit: '', message: '', variables: {} }
  const always = { ...compileTimeVariables('', trigger, ''), ...runVariables(0, '') }
  const job = jobVariables('', '', { name: '', displayName: '' })
  const pullRequest = ['PullRequestId', 'SourceBranch', 'TargetBranch'].map(
    (each) => `System.PullRequest.${each}`,
  )
  const sometimes = ['Build.CronSchedule.DisplayName', 'Environment.Name', 'System.AccessToken']
  return [...Object.keys({ ...always, ...job }), ...pullRequest, ...sometimes]
}
