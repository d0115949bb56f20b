import { setMaxListeners } from 'node:events'
import { constants, copyFile, link, lstat, mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  MANIFEST_FILE,
  type Manifest,
  parseManifest,
  readBundle,
  sha256,
  sha256File,
  verifyBundle,
} from '@repo/model-bundle'
import { onDisk, syncFolder } from './disk.js'
import { StoreError } from './errors.js'
import { checkName, checkVersion, fileKey, manifestKey, notFound } from './layout.js'
import { readPointer } from './pointer.js'
import { type OnProgress, ProgressMeter } from './progress.js'
import { downloadFile, Slots } from './ranges.js'
import { prepareTarget, replaceFolder } from './replace-folder.js'
import type { ModelStore } from './store.js'

export interface PullOptions {
  /** Default `latest`. */
  version?: string
  onProgress?: OnProgress
  signal?: AbortSignal
}

export interface Pulled {
  name: string
  version: string
  manifestSha256: string
  /** Absolute path of the model folder. */
  folder: string
  downloadedBytes: number
  /** Of files that were in the folder already. */
  reusedBytes: number
  /** False when the folder held this very model, intact. */
  changed: boolean
}

/**
 * Brings a model into the folder `target`, which is the old or the new model at any moment, never a mix. Whatever else
 * lies in a model folder is replaced with it.
 * @throws StoreError
 */
export async function pullModel(
  store: ModelStore,
  name: string,
  target: string,
  options: PullOptions = {},
): Promise<Pulled> {
  const { version: wanted = 'latest', onProgress, signal = new AbortController().signal } = options
  checkName(name)
  if (wanted !== 'latest') checkVersion(wanted)
  // Every request under way listens to it.
  setMaxListeners(0, signal)

  return onDisk(`Pulling ${name} into ${target}`, async () => {
    const folder = await prepareTarget(target)
    const found = await findVersion(store, name, wanted, signal)
    const { version, manifestSha256 } = found
    const done = { name, version, manifestSha256, folder }
    if (await isIntact(folder, manifestSha256)) {
      return { ...done, downloadedBytes: 0, reusedBytes: 0, changed: false }
    }
    const data = found.data ?? (await readManifest(store, name, version, manifestSha256, signal))
    const manifest = checkedManifest(store, name, version, data)
    const bytes = await replaceFolder(folder, async (temporary) => {
      const missing = await reuseFiles(folder, temporary, manifest)
      const meter = new ProgressMeter('pull', totalBytes(missing), onProgress)
      await downloadFiles(store, manifest, missing, temporary, meter, signal)
      await writeDurably(join(temporary, MANIFEST_FILE), data)
      await syncFolders(temporary, manifest)
      signal.throwIfAborted()
      const reusedBytes = totalBytes(manifest.files) - totalBytes(missing)
      return { downloadedBytes: meter.doneBytes, reusedBytes }
    })
    return { ...done, ...bytes, changed: true }
  })
}

type ManifestFile = Manifest['files'][number]

const totalBytes = (files: ManifestFile[]) => files.reduce((total, { bytes }) => total + bytes, 0)

/** What to pull: for `latest` the pointer tells, else the version's manifest itself. */
async function findVersion(
  store: ModelStore,
  name: string,
  wanted: string,
  signal: AbortSignal,
): Promise<{ version: string; manifestSha256: string; data?: Buffer }> {
  if (wanted === 'latest') {
    const pointer = await readPointer(store, name, signal)
    if (!pointer) throw await notFound(store, `${name} has no latest version`, name, signal)
    checkVersion(pointer.version)
    return pointer
  }
  const data = (await store.read(manifestKey(name, wanted), signal))?.data
  if (!data) throw await notFound(store, `there is no ${name} ${wanted}`, name, signal)
  return { version: wanted, manifestSha256: sha256(data), data }
}

/** Whether the folder holds the model with this manifest, every byte of it. */
async function isIntact(folder: string, manifestSha256: string): Promise<boolean> {
  try {
    // The cheap look first: another version's files need no hashing.
    if ((await readBundle(folder)).manifestSha256 !== manifestSha256) return false
    return (await verifyBundle(folder)).manifestSha256 === manifestSha256
  } catch {
    return false
  }
}

/** The manifest that `latest.json` names, checked by its hash. */
async function readManifest(
  store: ModelStore,
  name: string,
  version: string,
  manifestSha256: string,
  signal: AbortSignal,
): Promise<Buffer> {
  const key = manifestKey(name, version)
  const data = (await store.read(key, signal))?.data
  if (!data)
    throw await notFound(store, `${name}'s latest version is ${version}, but it is not there`, name, signal)
  if (sha256(data) === manifestSha256) return data
  throw new StoreError(
    'integrity',
    `${store.url}: ${key} is not the manifest that ${name}/latest.json names: expected SHA-256 ${manifestSha256}, ` +
      `found ${sha256(data)}. Promote a sound version, or publish the model again as a new one.`,
  )
}

/** The schema also checks every path, before any of them meets the file system. */
function checkedManifest(store: ModelStore, name: string, version: string, data: Buffer): Manifest {
  const key = manifestKey(name, version)
  const manifest = parseManifest(data.toString(), `${store.url}: ${key}`)
  if (manifest.name === name && manifest.version === version) return manifest
  throw new StoreError(
    'integrity',
    `${store.url}: ${key} describes ${manifest.name} ${manifest.version}, not ${name} ${version}: it was put in the ` +
      'wrong place. Publish that model with the tools.',
  )
}

/** Takes over files whose hash is already in the old folder. @returns those still to be downloaded */
async function reuseFiles(folder: string, temporary: string, manifest: Manifest): Promise<ManifestFile[]> {
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

/** Several at once; when one fails the others are stopped, and have ended before this throws. */
async function downloadFiles(
  store: ModelStore,
  { name, version }: Manifest,
  files: ManifestFile[],
  folder: string,
  meter: ProgressMeter,
  signal: AbortSignal,
): Promise<void> {
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  setMaxListeners(0, either)
  const slots = new Slots()
  let failure: unknown
  const downloads = files.map((file) =>
    downloadFile({
      ...{ store, file, slots, signal: either },
      key: fileKey(name, version, file.path),
      to: join(folder, file.path),
      onBytes: (bytes) => meter.add(file.path, bytes),
    }).catch((error) => {
      failure ??= error
      stop.abort()
    }),
  )
  await Promise.all(downloads)
  signal.throwIfAborted()
  if (failure) throw failure
}

async function writeDurably(path: string, data: Buffer): Promise<void> {
  const handle = await open(path, 'wx')
  try {
    await handle.writeFile(data)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The folders below `root` that the manifest's files lie in. */
async function syncFolders(root: string, manifest: Manifest): Promise<void> {
  const folders = new Set(manifest.files.map(({ path }) => dirname(path)))
  for (const folder of folders) if (folder !== '.') await syncFolder(join(root, folder))
}
