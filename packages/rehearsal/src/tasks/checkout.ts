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
    const { sources, edits, record } = context.run
    const target = folderOf(context, 'Build.SourcesDirectory')
    const extra = await copyRepository(sources, target, record.commit)
    for (const edit of edits) await apply(target, edit)
    const files = extra > 0 ? `, with ${extra} files that are not committed` : ''
    context.log(`Checked out ${record.commit}${files}`)
    for (const { file } of edits) context.log(`The scenario changed ${file}`)
  },
}

/**
 * Clones a commit, and brings what is changed in the working tree but not committed.
 * @returns how many files that are
 */
export async function copyRepository(from: string, to: string, commit: string): Promise<number> {
  await run('git', ['clone', '--quiet', '--shared', '--no-checkout', from, to])
  await run('git', ['-C', to, 'checkout', '--quiet', '--detach', commit])
  const changes = await uncommitted(from)
  for (const { path, deleted } of changes) {
    if (deleted) await rm(join(to, path), { force: true })
    else await cp(join(from, path), join(to, path), { recursive: true })
  }
  return changes.length
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
