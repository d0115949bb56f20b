import { type FSWatcher, watch } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

export interface Changes {
  /** New or written. Absolute paths. */
  changed: string[]
  removed: string[]
}

export interface Watching {
  close(): void
}

/** Editors write a file in several steps; this gathers them. */
const DEBOUNCE_MS = 30
/** Looked at this often where the system has no watches left to give. */
const POLL_MS = 500

/**
 * Reports changes of files below the folders, also in folders that are made later. Resolves once it watches.
 *
 * A watch on each folder tells when to look, and looking tells what has changed: `fs.watch`'s own recursive mode loses
 * a file for good on Linux with Node 20 when an editor replaces it by renaming another one over it.
 */
export async function watchFolders(folders: string[], report: (changes: Changes) => void): Promise<Watching> {
  const watchers = new Map<string, FSWatcher>()
  let known = await snapshot(folders)
  let timer: NodeJS.Timeout | undefined
  let polling: NodeJS.Timeout | undefined
  let looking: Promise<void> = Promise.resolve()
  let closed = false

  const soon = () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      looking = looking.then(look)
    }, DEBOUNCE_MS)
  }
  const look = async () => {
    if (closed) return
    const found = await snapshot(folders)
    if (closed) return
    // A folder that is new to us may have got files before we watched it.
    if (watchNew(found)) soon()
    const changed = [...found.files].filter(([path, state]) => known.files.get(path) !== state)
    const removed = [...known.files.keys()].filter((path) => !found.files.has(path))
    known = found
    if (changed.length > 0 || removed.length > 0) report({ changed: changed.map(([path]) => path), removed })
  }
  const watchNew = (found: Snapshot): boolean => {
    let isNew = false
    for (const folder of found.folders) {
      if (watchers.has(folder)) continue
      isNew = true
      try {
        const watcher = watch(folder, soon)
        const drop = () => {
          watcher.close()
          watchers.delete(folder)
          soon()
        }
        watcher.on('error', drop)
        watchers.set(folder, watcher)
      } catch {
        polling ??= setInterval(soon, POLL_MS)
      }
    }
    for (const [folder, watcher] of watchers) {
      if (found.folders.includes(folder)) continue
      watcher.close()
      watchers.delete(folder)
    }
    return isNew
  }

  watchNew(known)
  // What changed while the watches were being set.
  soon()
  return {
    close() {
      closed = true
      clearTimeout(timer)
      clearInterval(polling)
      for (const watcher of watchers.values()) watcher.close()
    },
  }
}

interface Snapshot {
  folders: string[]
  /** What would differ after a write, by path. */
  files: Map<string, string>
}

async function snapshot(folders: string[]): Promise<Snapshot> {
  const found: Snapshot = { folders: [], files: new Map() }
  for (const folder of folders) await add(folder, found)
  return found
}

async function add(folder: string, found: Snapshot): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined)
  if (entries === undefined) return
  found.folders.push(folder)
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await add(path, found)
    if (!entry.isFile()) continue
    const state = await stat(path, { bigint: true }).catch(() => undefined)
    if (state) found.files.set(path, `${state.ino} ${state.size} ${state.mtimeNs}`)
  }
}
