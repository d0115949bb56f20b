import { setMaxListeners } from 'node:events'
import { constants, copyFile, link, lstat, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Manifest, readBundle, sha256File } from '@repo/model-bundle'
import { syncFolder } from './disk.js'
import { downloadFile, Slots } from './download-file.js'
import { StoreError } from './errors.js'
import { fileKey } from './layout.js'
import type { ProgressMeter } from './progress.js'
import { PARTIAL_FOLDER } from './replace-folder.js'
import type { ModelStore } from './store.js'

type ManifestFile = Manifest['files'][number]

export const totalBytes = (files: ManifestFile[]) => files.reduce((total, { bytes }) => total + bytes, 0)

/** Takes over files whose hash is already in the old folder. @returns those still to be downloaded */
export async function reuseFiles(
  folder: string,
  temporary: string,
  manifest: Manifest,
): Promise<ManifestFile[]> {
  const old = await readBundle(folder).catch(() => undefined)
  const paths = new Map(old?.manifest.files.map(({ sha256, path }) => [sha256, path]))
  const missing: ManifestFile[] = []
  for (const file of manifest.files) {
    const to = join(temporary, file.path)
    await mkdir(dirname(to), { recursive: true })
    const from = join(folder, paths.get(file.sha256) ?? file.path)
    if (await isFile(from, file)) await linkOrCopy(from, to)
    else missing.push(file)
  }
  return missing
}

async function isFile(path: string, file: ManifestFile): Promise<boolean> {
  const stat = await lstat(path).catch(() => undefined)
  if (!stat?.isFile() || stat.size !== file.bytes) return false
  return (await sha256File(path)).sha256 === file.sha256
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  // Some file systems have no hard links.
  await link(from, to).catch(() => copyFile(from, to, constants.COPYFILE_FICLONE))
}

/**
 * Several at once; when one fails the others are stopped, and have ended before this throws. Until all are there they
 * lie in the partial folder under their hashes, where another try finds them.
 * @returns the number of bytes downloaded
 */
export async function downloadFiles(pull: {
  store: ModelStore
  manifest: Manifest
  missing: ManifestFile[]
  /** The folder to fill. */
  temporary: string
  meter: ProgressMeter
  signal: AbortSignal
}): Promise<number> {
  const { store, manifest, missing, temporary, meter, signal } = pull
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  setMaxListeners(0, either)
  const slots = new Slots()
  const partial = join(temporary, PARTIAL_FOLDER)
  await mkdir(partial, { recursive: true })
  let downloaded = 0
  let failure: unknown
  // Equal files are downloaded once.
  const unique = new Map(missing.map((file) => [file.sha256, file]))
  const downloads = [...unique.values()].map(async (file) => {
    const key = fileKey(manifest.name, manifest.version, file.path)
    const to = join(partial, file.sha256)
    const onBytes = (bytes: number) => meter.add(file.path, bytes)
    const damaged = (what: string, cause?: unknown) =>
      new StoreError('integrity', `${store.url}: ${key} ${what} publish the model again as a new version.`, {
        cause,
      })
    const wrong = (expected: string, found: string) =>
      damaged(
        `is not the file that the manifest describes: expected ${expected}, found ${found}. Pull again; if it stays so,`,
      )
    try {
      const bytes = await downloadFile({ store, key, file, to, slots, onBytes, wrong, signal: either })
      downloaded += bytes
    } catch (error) {
      const isMissing = error instanceof StoreError && error.code === 'not-found'
      failure ??= isMissing ? damaged('is missing, though the manifest lists it:', error) : error
      stop.abort()
    }
  })
  await Promise.all(downloads)
  signal.throwIfAborted()
  if (failure) throw failure
  for (const file of missing) {
    const isLast = unique.get(file.sha256) === file
    await (isLast ? rename : linkOrCopy)(join(partial, file.sha256), join(temporary, file.path))
  }
  await rm(partial, { recursive: true })
  return downloaded
}

/** Makes the folders below `root` that the manifest's files lie in durable. */
export async function syncFolders(root: string, manifest: Manifest): Promise<void> {
  const folders = new Set(manifest.files.map(({ path }) => dirname(path)))
  for (const folder of folders) if (folder !== '.') await syncFolder(join(root, folder))
}
