import { existsSync } from 'node:fs'
import { cp, mkdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { artifactsOf, type RunRecord } from '../run/record.js'
import { folderOf, pathOf, type Task, type TaskContext, TaskFailure } from './task.js'

/** `publish:` */
export const publish: Task = {
  inputs: { publish: true, artifact: true },
  run: async (context) => await keep(context, context.inputs.publish ?? '', context.inputs.artifact ?? ''),
}

export const publishPipelineArtifact: Task = {
  inputs: { targetPath: true, artifact: false, artifactName: false, publishLocation: false },
  async run(context) {
    const { targetPath = '', artifact, artifactName } = context.inputs
    await keep(context, targetPath, artifact ?? artifactName ?? '')
  },
}

/** `download:` of this run (`current`), of a pipeline resource, or none. */
export const download: Task = {
  inputs: { download: true, artifact: false, patterns: false },
  async run(context) {
    const { download: source = '', artifact, patterns } = context.inputs
    if (source === 'none') return
    if (patterns) throw new TaskFailure('patterns are not known here: download the whole artifact')
    const isOwn = source === 'current'
    const run = isOwn ? context.run.record : context.run.resources[source]
    if (!run) throw new TaskFailure(`there is no run of the pipeline resource ${source}`)
    const base = join(folderOf(context, 'Pipeline.Workspace'), isOwn ? '' : source)
    for (const name of artifact ? [artifact] : Object.keys(artifactsOf(run)))
      await fetch(context, run, name, join(base, name))
  },
}

/** DownloadPipelineArtifact@2, of this run or of another one of any pipeline. */
export const downloadPipelineArtifact: Task = {
  inputs: {
    ...{
      buildType: false,
      artifactName: false,
      artifact: false,
      targetPath: false,
      path: false,
      project: false,
    },
    ...{ definition: false, buildVersionToDownload: false, branchName: false, tags: false },
    ...{ allowPartiallySucceededBuilds: false, allowFailedBuilds: false },
  },
  async run(context) {
    const { buildType, artifactName, artifact, targetPath, path, definition = '', tags = '' } = context.inputs
    const name = artifactName ?? artifact ?? ''
    const target = pathOf(context, targetPath ?? path ?? folderOf(context, 'Pipeline.Workspace'))
    let run: RunRecord | undefined = context.run.record
    if (buildType === 'specific') {
      const version = context.inputs.buildVersionToDownload ?? 'latest'
      if (!/^latest(FromBranch)?$/.test(version))
        throw new TaskFailure(`buildVersionToDownload ${version} is not known here`)
      const wanted = tags.split(',').map((tag) => tag.trim())
      const branch = version === 'latestFromBranch' ? context.inputs.branchName : undefined
      run = context.run.history.last(definition, wanted.filter(Boolean), branch)
      if (!run) throw new TaskFailure(`no run of ${definition} has the tags ${tags} and the artifact ${name}`)
    }
    await fetch(context, run, name, target)
  },
}

/** Copies a file or a folder's content to where artifacts are kept. */
async function keep(context: TaskContext, path: string, name: string): Promise<void> {
  const { record, folder } = context.run
  const source = pathOf(context, path)
  if (!existsSync(source)) throw new TaskFailure(`there is nothing at ${source} to publish`)
  if (name === '') throw new TaskFailure('an artifact needs a name')
  if (artifactsOf(record)[name])
    throw new TaskFailure(`the artifact ${name} is published already; artifacts don't change`)
  const target = join(folder, 'artifacts', String(record.id), name)
  await mkdir(target, { recursive: true })
  const isFolder = (await stat(source)).isDirectory()
  await cp(source, isFolder ? target : join(target, basename(source)), { recursive: true })
  context.stage.artifacts[name] = target
  context.log(`Published ${source} as ${name}`)
}

async function fetch(context: TaskContext, run: RunRecord, name: string, target: string): Promise<void> {
  const source = artifactsOf(run)[name]
  const known = Object.keys(artifactsOf(run)).join(', ') || 'none'
  if (!source)
    throw new TaskFailure(`run ${run.number} of ${run.name} has no artifact ${name}. It has: ${known}`)
  await cp(source, target, { recursive: true })
  context.log(`Got ${name} of ${run.name} ${run.number}: ${target}`)
}
