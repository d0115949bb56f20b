import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { folderOf, pathOf, type Task, type TaskContext } from './task.js'

/** Cache@2: folders that are kept between runs by a key. A key is never written twice. */
export const cache: Task = {
  inputs: { key: true, path: true, restoreKeys: false, cacheHitVar: false },
  async run(context) {
    const path = pathOf(context, context.inputs.path ?? '')
    if (relative(folderOf(context, 'Pipeline.Workspace'), path).startsWith('..')) {
      context.log(`${path} stays on this machine anyway`)
      return
    }
    const shelf = join(context.run.folder, 'cache')
    const key = await resolveKey(context, context.inputs.key ?? '')
    const hit = join(shelf, hash(key))
    const isExact = existsSync(hit)
    const found = isExact ? hit : await newest(context, shelf)
    if (found) await cp(join(found, 'content'), path, { recursive: true })
    context.log(`${isExact ? 'Hit' : found ? 'An older one was found' : 'Miss'}: ${key}`)
    const variable = context.inputs.cacheHitVar
    if (variable) context.variables.set(variable, isExact ? 'true' : found ? 'inexact' : 'false')
    if (!isExact) context.atJobEnd(async () => await save(context, path, hit, key))
  },
}

/** Parts are files, whose content counts, or texts. */
async function resolveKey(context: TaskContext, key: string): Promise<string> {
  const parts = key.split(/[|\n]/).map((part) => part.trim())
  const resolved = parts.filter(Boolean).map(async (part) => {
    if (part.startsWith('"')) return part.slice(1, -1)
    const file = pathOf(context, part)
    return existsSync(file) && (await stat(file)).isFile() ? hash(await readFile(file)) : part
  })
  return (await Promise.all(resolved)).join('|')
}

/** The newest entry that begins with one of the restoreKeys. */
async function newest(context: TaskContext, shelf: string): Promise<string | undefined> {
  const entries = await readdir(shelf).catch(() => [])
  for (const wanted of (context.inputs.restoreKeys ?? '').split('\n').filter(Boolean)) {
    const prefix = await resolveKey(context, wanted)
    const fitting: { folder: string; time: number }[] = []
    for (const entry of entries) {
      const folder = join(shelf, entry)
      const key = await readFile(join(folder, 'key'), 'utf8').catch(() => '')
      if (key.startsWith(`${prefix}|`))
        fitting.push({ folder, time: (await stat(join(folder, 'key'))).mtimeMs })
    }
    const best = fitting.sort((a, b) => b.time - a.time)[0]
    if (best) return best.folder
  }
  return undefined
}

async function save(context: TaskContext, path: string, target: string, key: string): Promise<void> {
  if (!existsSync(path) || existsSync(target)) return
  const draft = `${target}.${context.job.name}.new`
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { recursive: true })
  await cp(path, join(draft, 'content'), { recursive: true })
  await writeFile(join(draft, 'key'), key)
  // Another job may have been quicker.
  await rename(draft, target).catch(async () => await rm(draft, { recursive: true, force: true }))
  context.log(`Saved ${path}: ${key}`)
}

function hash(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 32)
}
