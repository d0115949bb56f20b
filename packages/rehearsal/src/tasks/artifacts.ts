import { existsSync } from 'node:fs'
import { cp, mkdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { hasTags } from '../run/history.js'
import { artifactsOf, type RunRecord } from '../run/record.js'
import { pathOf, type Task, type TaskContext, TaskFailure } from './task.js'

/** `publish:` keeps a file, or what is in a folder. */
export const publish: Task = {
  needs: ['publish', 'artifact'],
  async run(context) {
    const { artifact = '' } = context.inputs
    const { record, folder } = context.run
    const source = pathOf(context, context.inputs.publish)
    if (!existsSync(source)) throw new TaskFailure(`there is nothing at ${source} to publish`)
    if (artifactsOf(record)[artifact])
      throw new TaskFailure(`the artifact ${artifact} is published already; artifacts don't change`)
    const target = join(folder, 'artifacts', String(record.id), artifact)
    await mkdir(target, { recursive: true })
    const isFolder = (await stat(source)).isDirectory()
    await cp(source, isFolder ? target : join(target, basename(source)), { recursive: true })
    context.job.stage.artifacts[artifact] = target
    context.log(`Published ${source} as ${artifact}`)
  },
}

/** `download:` of this run (`current`), of a pipeline resource, or none. */
export const download: Task = {
  needs: ['download'],
  takes: ['artifact'],
  async run(context) {
    const { download: source = '', artifact } = context.inputs
    if (source === 'none') return
    const run = source === 'current' ? context.run.record : context.run.resources[source]
    if (!run) throw new TaskFailure(`there is no run of the pipeline resource ${source}`)
    const folder = join(context.job.sources, '..', source === 'current' ? '' : source)
    for (const name of artifact ? [artifact] : Object.keys(artifactsOf(run)))
      await fetch(context, run, name, join(folder, name))
  },
}

/** DownloadPipelineArtifact@2, of this run or of another one of any pipeline. */
export const downloadPipelineArtifact: Task = {
  needs: ['artifactName', 'targetPath'],
  takes: [
    ...['buildType', 'project', 'definition', 'buildVersionToDownload', 'branchName', 'tags'],
    'allowPartiallySucceededBuilds',
  ],
  async run(context) {
    const { buildType, artifactName = '', targetPath, definition = '', tags = '' } = context.inputs
    let run: RunRecord | undefined = context.run.record
    if (buildType === 'specific') {
      const { buildVersionToDownload: version, branchName } = context.inputs
      if (version !== 'latestFromBranch')
        throw new TaskFailure(`buildVersionToDownload ${version} is not known here: use latestFromBranch`)
      const wanted = tags.split(',').filter(Boolean)
      const fits = (each: RunRecord) => hasTags(each, wanted) && each.trigger.branch === branchName
      run = context.run.history.last(definition, fits)
      if (!run) throw new TaskFailure(`no run of ${definition} has the tags ${tags}`)
    }
    await fetch(context, run, artifactName, pathOf(context, targetPath))
  },
}

async function fetch(context: TaskContext, run: RunRecord, name: string, target: string): Promise<void> {
  const source = artifactsOf(run)[name]
  const known = Object.keys(artifactsOf(run)).join(', ') || 'none'
  if (!source)
    throw new TaskFailure(`run ${run.number} of ${run.name} has no artifact ${name}. It has: ${known}`)
  await cp(source, target, { recursive: true })
  context.log(`Got ${name} of ${run.name} ${run.number}: ${target}`)
}
