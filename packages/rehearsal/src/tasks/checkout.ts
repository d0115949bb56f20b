import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { git } from '../git.js'
import { type Task, TaskFailure } from './task.js'

/** A change that a scenario makes to the checkout, to see what the pipeline does about it. */
export interface Edit {
  file: string
  /** The text to replace; nothing: the file is new. */
  find?: string
  replace: string
}

/** A clone of the commit, and on top of it what is changed in the working tree but not committed. */
export const checkout: Task = {
  needs: ['checkout'],
  // Of no effect in a clone that is new and local.
  takes: ['clean', 'fetchDepth', 'persistCredentials'],
  async run(context) {
    const { checkout: repository } = context.inputs
    if (repository === 'none') return
    if (repository !== 'self')
      throw new TaskFailure(`only this repository can be checked out, not ${repository}`)
    const { sources, edits, record } = context.run
    const { commit } = record.trigger
    const extra = await copyRepository(sources, context.job.sources, commit)
    for (const edit of edits) await apply(context.job.sources, edit)
    context.log(`Checked out ${commit}${extra > 0 ? `, with ${extra} files that are not committed` : ''}`)
    for (const { file } of edits) context.log(`The scenario changed ${file}`)
  },
}

/**
 * Clones a commit, and brings what is changed in the working tree but not committed.
 * @returns how many files that are
 */
export async function copyRepository(from: string, to: string, commit: string): Promise<number> {
  await git('clone', '--quiet', '--shared', '--no-checkout', from, to)
  await git('-C', to, 'checkout', '--quiet', '--detach', commit)
  const status = ['status', '--porcelain', '-z', '--untracked-files=all', '--no-renames']
  const changes = (await git('-C', from, ...status)).split('\0').filter(Boolean)
  for (const change of changes) {
    const path = change.slice(3)
    if (change.slice(0, 2).includes('D')) await rm(join(to, path), { force: true })
    else await cp(join(from, path), join(to, path), { recursive: true })
  }
  return changes.length
}

async function apply(folder: string, { file, find, replace }: Edit): Promise<void> {
  const path = join(folder, file)
  const old = find === undefined ? '' : await readFile(path, 'utf8')
  if (find !== undefined && !old.includes(find))
    throw new TaskFailure(`the scenario does not find ${find} in ${file}`)
  await writeFile(path, find === undefined ? replace : old.replace(find, replace))
}
