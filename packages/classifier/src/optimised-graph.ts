import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bundle } from '@repo/model-bundle'
import { graphKey, keyName } from './optimised-graph-key.js'
import { makeGraph, type OptimisedGraph, openGraph, removeGraph } from './optimised-graph-store.js'

/** Where graphs that were optimised for this machine are kept. */
export interface GraphCache {
  /** Nobody else may write there: what lies in it is run. */
  folder: string
  /** Told what was made, and why when the plain graph is used. */
  log(message: string): void
}

/**
 * Finds the graph of this model that was optimised for this machine, or has it made. It answers as the plain one does;
 * it loads faster, and all workers share its weights in memory.
 * @returns undefined when that is not possible; the log was told why, and the plain graph serves as well
 */
export async function optimisedGraph(
  { folder: modelFolder, manifest }: Bundle,
  { folder, log }: GraphCache,
): Promise<OptimisedGraph | undefined> {
  try {
    const file = manifest.files.find(({ path }) => path === manifest.model)
    const key = graphKey(file?.sha256 ?? '')
    const entry = join(folder, keyName(key))
    let graph = await openGraph(entry, key)
    if (typeof graph === 'string') {
      log(`the optimised graph in ${entry} is not used: ${graph}`)
      await removeGraph(entry)
    }
    if (typeof graph !== 'object') {
      await makeGraph(modelFolder, key, entry)
      log(`the graph was optimised for this machine: ${entry}`)
      graph = await openGraph(entry, key)
    }
    if (typeof graph !== 'object') throw new Error(graph ?? 'what was made is gone')
    // How recently it was used decides which ones are kept.
    await utimes(entry, new Date(), new Date()).catch(() => {})
    return { path: graph.path, intact: graph.intact.then((isIntact) => isIntact || damaged(entry, log)) }
  } catch (error) {
    log(`the plain graph is used: ${(error as Error).message}`)
    return undefined
  }
}

async function damaged(entry: string, log: GraphCache['log']): Promise<false> {
  log(`the weights in ${entry} are damaged: the plain graph is used, and the next start makes them anew`)
  await removeGraph(entry).catch(() => {})
  return false
}
