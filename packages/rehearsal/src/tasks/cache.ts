import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pathOf, type Task, type TaskContext } from './task.js'

/** Cache@2: folders that are kept between runs by a key. A key is never written twice. */
export const cache: Task = {
  needs: ['key', 'path'],
  takes: ['restoreKeys', 'cacheHitVar'],
  async run(context) {
    const { key = '', restoreKeys = '', cacheHitVar } = context.inputs
    const path = pathOf(context, context.inputs.path)
    if (relative(join(context.job.sources, '..'), path).startsWith('..'))
      return context.log(`${path} stays on this machine anyway`)
    const shelf = join(context.run.folder, 'cache')
    const wanted = await nameFor(context, key)
    const isExact = existsSync(join(shelf, wanted))
    const found = isExact ? wanted : await newest(shelf, await nameFor(context, restoreKeys))
    if (found) await cp(join(shelf, found), path, { recursive: true })
    context.log(`${isExact ? 'Hit' : found ? `${found} was found` : 'Miss'}: ${wanted}`)
    if (cacheHitVar) context.job.variables.set(cacheHitVar, isExact ? 'true' : found ? 'inexact' : 'false')
    if (!isExact) context.job.endings.push(async () => await keep(path, join(shelf, wanted)))
  },
}

/** The folder for a key, whose parts are files, whose content counts, or texts. */
async function nameFor(context: TaskContext, key: string): Promise<string> {
  const parts = key.split('|').map(async (each) => {
    const part = each.trim()
    const file = pathOf(context, part)
    if (!part || part.startsWith('"') || !existsSync(file)) return part
    return createHash('sha256')
      .update(await readFile(file))
      .digest('hex')
      .slice(0, 32)
  })
  return (await Promise.all(parts)).map((part) => part.replace(/[^\w.]/g, '')).join('-')
}

/** The newest entry that begins so. */
async function newest(shelf: string, prefix: string): Promise<string | undefined> {
  if (prefix === '') return undefined
  const names = (await readdir(shelf).catch(() => [])).filter((name) => name.startsWith(`${prefix}-`))
  const dated = await Promise.all(names.map(async (name) => ({ name, ...(await stat(join(shelf, name))) })))
  return dated.sort((a, b) => b.ctimeMs - a.ctimeMs)[0]?.name
}

async function keep(path: string, target: string): Promise<void> {
  if (!existsSync(path) || existsSync(target)) return
  const draft = `${target}.${process.hrtime.bigint()}`
  await cp(path, draft, { recursive: true })
  // Another job may have been quicker.
  await rename(draft, target).catch(async () => await rm(draft, { recursive: true, force: true }))
}
