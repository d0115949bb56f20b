import { execFile } from 'node:child_process'
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { folderOf, type Task, TaskFailure } from './task.js'

const run = promisify(execFile)

/** A change that a scenario makes to the checkout, to see what the pipeline does about it. */
export interface Edit {
  file: string
  /** The text to replace; nothing: the file is new. */
  find?: string
  replace: string
}

/** A clone of the commit, and on top of it what is changed in the working tree but not committed. */
export const checkout: Task = {
  inputs: {
    ...{ checkout: true, clean: false, fetchDepth: false, fetchTags: false, lfs: false, path: false },
    ...{ persistCredentials: false, submodules: false },
  },
  async run(context) {
    const { checkout: repository } = context.inputs
    if (repository === 'none') return
    if (repository !== 'self')
      throw new TaskFailure(`only this repository can be checked out, not ${repository}`)
    const { root, edits } = context.run
    const target = folderOf(context, 'Build.SourcesDirectory')
    await run('git', ['clone', '--quiet', '--shared', '--no-checkout', root, target])
    await run('git', ['-C', target, 'checkout', '--quiet', '--detach', context.run.record.commit])
    const changes = await uncommitted(root)
    for (const { path, deleted } of changes) {
      if (deleted) await rm(join(target, path), { force: true })
      else await cp(join(root, path), join(target, path), { recursive: true })
    }
    for (const edit of edits) await apply(target, edit)
    const extra = changes.length > 0 ? `, with ${changes.length} files that are not committed` : ''
    context.log(`Checked out ${context.run.record.commit}${extra}`)
    for (const { file } of edits) context.log(`The scenario changed ${file}`)
  },
}

async function uncommitted(root: string): Promise<{ path: string; deleted: boolean }[]> {
  const args = ['-C', root, 'status', '--porcelain', '-z', '--untracked-files=all', '--no-renames']
  const { stdout } = await run('git', args, { maxBuffer: 64 * 1024 * 1024 })
  const entries = stdout.split('\0').filter(Boolean)
  return entries.map((entry) => ({ path: entry.slice(3), deleted: entry.slice(0, 2).includes('D') }))
}

async function apply(folder: string, { file, find, replace }: Edit): Promise<void> {
  const path = join(folder, file)
  const old = find === undefined ? '' : await readFile(path, 'utf8')
  if (find !== undefined && !old.includes(find))
    throw new TaskFailure(`the scenario does not find ${find} in ${file}`)
  await writeFile(path, find === undefined ? replace : old.replace(find, replace))
}
