import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { sha256File } from '@repo/model-bundle'
import { builtFile } from './built-file.js'
import type { GraphKey } from './optimised-graph-key.js'

/** A graph that was optimised on this machine, its weights in a file that all workers map into memory together. */
export interface OptimisedGraph {
  /** The ONNX file, to be loaded with optimisation off. */
  path: string
  /** Whether the weights are still what was written. Hashing takes a while, so workers may load them meanwhile. */
  intact: Promise<boolean>
}

export const GRAPH_FILE = 'graph.onnx'

/** Written last; says what the folder holds. */
const RECORD_FILE = 'made.json'
const MAKE_TIMEOUT_MS = 120_000
const TEMPORARY = '.making-'
const ENTRY = /^[0-9a-f]{32}-[0-9a-f]{16}$/
/** Graphs that are kept, most recently used first: the models of a rollback and of a neighbour or two. */
const KEPT = 4

interface Made {
  key: GraphKey
  files: { path: string; bytes: number; sha256: string }[]
}

/** @returns what is wrong when it cannot be used, undefined when there is nothing */
export async function openGraph(entry: string, key: GraphKey): Promise<OptimisedGraph | string | undefined> {
  const text = await readFile(join(entry, RECORD_FILE), 'utf8').catch(() => undefined)
  if (text === undefined) return (await stat(entry).catch(() => undefined)) && 'it is incomplete'
  try {
    const made = JSON.parse(text) as Made
    if (JSON.stringify(made.key) !== JSON.stringify(key)) return 'it was made for another machine or model'
    // A file that is too short would kill the process that maps it, so sizes are looked at before anything is loaded.
    for (const { path, bytes } of made.files) {
      if ((await stat(join(entry, path))).size !== bytes)
        return `${path} has another size than when it was made`
    }
    const isIntact = async ({ path, sha256 }: Made['files'][number]) =>
      (await sha256File(join(entry, path))).sha256 === sha256
    const graph = made.files.find(({ path }) => path === GRAPH_FILE)
    if (!graph || !(await isIntact(graph))) return `${GRAPH_FILE} is damaged`
    const weights = Promise.all(made.files.filter((file) => file !== graph).map(isIntact))
    const intact = weights.then(
      (results) => results.every(Boolean),
      () => false,
    )
    return { path: join(entry, GRAPH_FILE), intact }
  } catch (error) {
    return (error as Error).message
  }
}

/**
 * Has a process of its own optimise the graph. Whoever looks meanwhile sees nothing or everything.
 * @throws Error that says why it could not be done; nothing is left behind
 */
export async function makeGraph(modelFolder: string, key: GraphKey, entry: string): Promise<void> {
  const cache = join(entry, '..')
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, TEMPORARY))
  try {
    const script = fileURLToPath(builtFile('optimised-graph-make.js'))
    const options = { timeout: MAKE_TIMEOUT_MS, killSignal: 'SIGKILL' as const }
    await promisify(execFile)(
      process.execPath,
      [script, modelFolder, folder, key.modelSha256],
      options,
    ).catch((error: Error & { stderr?: string }) => {
      throw new Error(`the graph could not be optimised: ${error.stderr?.trim() || error.message}`)
    })
    const files: Made['files'] = []
    for (const path of await readdir(folder)) files.push({ path, ...(await sha256File(join(folder, path))) })
    await writeFile(join(folder, RECORD_FILE), `${JSON.stringify({ key, files } satisfies Made, null, 2)}\n`)
    // Somebody else may have been quicker; theirs is as good.
    await rename(folder, entry).catch(async (error) => {
      if (typeof (await openGraph(entry, key)) !== 'object') throw error
    })
    await prune(cache)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Out of everybody's way at once, then gone; processes that have mapped it keep what they have. */
export async function removeGraph(entry: string): Promise<void> {
  const away = await mkdtemp(join(entry, '..', TEMPORARY))
  await rename(entry, join(away, 'entry')).catch(() => {})
  await rm(away, { recursive: true, force: true })
}

/** Keeps the folder from growing with every model and every upgrade. */
async function prune(cache: string): Promise<void> {
  const found = await Promise.all(
    (await readdir(cache)).map(async (name) => {
      const used = await stat(join(cache, name)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      )
      return { name, used }
    }),
  )
  const longAgo = Date.now() - 10 * MAKE_TIMEOUT_MS
  const abandoned = found.filter(({ name, used }) => name.startsWith(TEMPORARY) && used < longAgo)
  const entries = found.filter(({ name }) => ENTRY.test(name)).sort((a, b) => b.used - a.used)
  for (const { name } of [...abandoned, ...entries.slice(KEPT)]) {
    await rm(join(cache, name), { recursive: true, force: true })
  }
}
