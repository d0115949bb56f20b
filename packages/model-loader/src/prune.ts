import { bytesContent } from './content.js'
import { StoreError } from './errors.js'
import { checkName, manifestKey, newestFirst, parseManifestKey } from './layout.js'
import { readPointer } from './pointer.js'
import type { ModelStore, ObjectInfo } from './store.js'

/** A publish that has shown no sign of life for so long is taken for dead. */
export const UNFINISHED_AFTER_MS = 24 * 3600 * 1000

export interface PruneOptions {
  /** How many versions stay, the newest; the latest stays besides. At least 1. */
  keep: number
  /** Only tell what would go. Default true. */
  dryRun?: boolean
  signal?: AbortSignal
}

export interface Pruned {
  name: string
  dryRun: boolean
  /** Versions that go. */
  removed: { version: string; bytes: number }[]
  /** Publishes that were never finished and whose files go. */
  unfinished: { version: string; bytes: number }[]
  kept: string[]
}

/**
 * Removes old versions of a model, never the latest, and what unfinished publishes left. A version's manifest goes
 * first: what is half-removed is no version any more, and the next run clears the rest.
 * @throws StoreError
 */
export async function pruneModels(store: ModelStore, name: string, options: PruneOptions): Promise<Pruned> {
  const { keep, dryRun = true, signal } = options
  checkName(name)
  if (!Number.isInteger(keep) || keep < 1) {
    throw new StoreError('usage', `--keep ${keep} is not usable: a whole number of at least 1 is needed.`)
  }
  const found = await versionsOf(store, name, signal)
  const finished = [...found.keys()].filter((version) => found.get(version)?.isFinished).sort(newestFirst)
  const latest = (await readPointer(store, name, signal))?.version
  const kept = finished.filter((version, index) => index < keep || version === latest)
  const removed = finished.filter((version) => !kept.includes(version))
  const unfinished = [...found.keys()].filter((version) => isForgotten(found.get(version)))
  if (!dryRun) {
    for (const version of [...removed, ...unfinished]) {
      await removeVersion(store, name, version, found.get(version)?.objects ?? [], signal)
    }
  }
  const sized = (version: string) => ({ version, bytes: found.get(version)?.bytes ?? 0 })
  return { name, dryRun, removed: removed.map(sized), unfinished: unfinished.map(sized), kept }
}

interface Found {
  objects: ObjectInfo[]
  bytes: number
  isFinished: boolean
}

async function versionsOf(
  store: ModelStore,
  name: string,
  signal?: AbortSignal,
): Promise<Map<string, Found>> {
  const found = new Map<string, Found>()
  for await (const info of store.list(`${name}/`, signal)) {
    const [, version = ''] = info.key.split('/')
    // What has no version's name (the pointer, the history) is not ours to remove.
    if (!parseManifestKey(manifestKey(name, version))) continue
    const entry = found.get(version) ?? { objects: [], bytes: 0, isFinished: false }
    entry.objects.push(info)
    entry.bytes += info.bytes
    entry.isFinished ||= info.key === manifestKey(name, version)
    found.set(version, entry)
  }
  return found
}

function isForgotten(found: Found | undefined): boolean {
  if (!found || found.isFinished) return false
  return found.objects.every(({ modified }) => Date.now() - modified.getTime() > UNFINISHED_AFTER_MS)
}

async function removeVersion(
  store: ModelStore,
  name: string,
  version: string,
  objects: ObjectInfo[],
  signal?: AbortSignal,
): Promise<void> {
  const key = manifestKey(name, version)
  const manifest = await store.read(key, signal)
  const hasManifest = objects.some((object) => object.key === key)
  // Published, or published anew, since we looked.
  if (manifest && !hasManifest) return
  if (manifest && !(await store.delete(key, manifest.info.etag, signal))) return
  // Promoted in this very moment: whoever promotes looks for the manifest once more after moving the pointer, and we
  // look at the pointer once more after removing the manifest, so one of us notices.
  if (manifest && (await readPointer(store, name, signal))?.version === version) {
    await store.write(key, bytesContent(manifest.data), { ifNoneMatch: '*' }, signal)
    return
  }
  for (const object of objects) {
    if (object.key !== key) await store.delete(object.key, object.etag, signal)
  }
}
