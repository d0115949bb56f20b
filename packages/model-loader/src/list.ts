import { sha256 } from '@repo/model-bundle'
import { z } from 'zod'
import { type HistoryEntry, readHistory } from './history.js'
import { parseJson } from './json.js'
import { checkName, newestFirst, parseManifestKey } from './layout.js'
import { type Pointer, readPointer } from './pointer.js'
import type { ModelStore, ObjectInfo } from './store.js'

/** What listing needs of a manifest. Lenient, so that one version from newer tools does not hide the others. */
const summary = z
  .object({
    files: z.array(z.object({ bytes: z.number() })).catch([]),
    metrics: z
      .object({ top1: z.number(), top5: z.number().optional(), dataset: z.string(), samples: z.number() })
      .optional()
      .catch(undefined),
    createdAt: z.string().catch(''),
  })
  .catch({ files: [], createdAt: '' })

/** One version of a model in a store. */
export interface ModelVersion {
  name: string
  version: string
  /** This is what a pull without a version gets. */
  latest: boolean
  /** ISO 8601; since when it is the latest, if it is. */
  latestSince?: string
  /** All files together. */
  bytes: number
  manifestSha256: string
  /** In percent; what they were measured on is in `dataset` and `samples`. */
  metrics?: { top1: number; top5?: number | undefined; dataset: string; samples: number }
  /** ISO 8601; when the bundle was made, as its manifest says. */
  createdAt: string
  /** ISO 8601; when the store got it. */
  publishedAt: string
}

const READS_AT_ONCE = 8

/** All published versions, of one model or of all, by name and then the newest version first. */
export async function listModels(
  store: ModelStore,
  name?: string,
  options: { signal?: AbortSignal } = {},
): Promise<ModelVersion[]> {
  const { signal } = options
  if (name !== undefined) checkName(name)
  const manifests: { name: string; version: string; info: ObjectInfo }[] = []
  for await (const info of store.list(name === undefined ? '' : `${name}/`, signal)) {
    const found = parseManifestKey(info.key)
    if (found) manifests.push({ ...found, info })
  }
  const latest = new Map<string, Pointer | undefined>()
  for (const found of new Set(manifests.map((manifest) => manifest.name))) {
    latest.set(found, await readPointer(store, found, signal))
  }
  const versions: ModelVersion[] = []
  for (let at = 0; at < manifests.length; at += READS_AT_ONCE) {
    const some = manifests.slice(at, at + READS_AT_ONCE)
    versions.push(
      ...(await Promise.all(
        some.map(({ name, version, info }) => describe(store, name, version, info, latest.get(name), signal)),
      )),
    )
  }
  return versions.sort((a, b) =>
    a.name === b.name ? newestFirst(a.version, b.version) : a.name < b.name ? -1 : 1,
  )
}

async function describe(
  store: ModelStore,
  name: string,
  version: string,
  info: ObjectInfo,
  pointer: Pointer | undefined,
  signal?: AbortSignal,
): Promise<ModelVersion> {
  const isLatest = pointer?.version === version
  const data = (await store.read(info.key, signal))?.data ?? Buffer.alloc(0)
  const { files, metrics, createdAt } = summary.parse(parseJson(data.toString()))
  return {
    name,
    version,
    latest: isLatest,
    ...(isLatest && pointer.last ? { latestSince: pointer.last.movedAt } : {}),
    bytes: files.reduce((total, { bytes }) => total + bytes, 0),
    manifestSha256: sha256(data),
    ...(metrics ? { metrics } : {}),
    createdAt,
    publishedAt: info.modified.toISOString(),
  }
}

/** Every move of a model's `latest`, newest first: the log, and the last move even if it is not logged yet. */
export async function modelHistory(
  store: ModelStore,
  name: string,
  options: { signal?: AbortSignal } = {},
): Promise<HistoryEntry[]> {
  checkName(name)
  const pointer = await readPointer(store, name, options.signal)
  const logged = await readHistory(store, name, options.signal)
  const last = pointer?.last
  if (!last || logged.some(({ move }) => move === last.move)) return logged
  return [{ ...last, to: pointer.version }, ...logged]
}
