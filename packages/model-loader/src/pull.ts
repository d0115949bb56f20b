import type { KeyObject } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { join } from 'node:path'
import {
  checkExternalData,
  MANIFEST_FILE,
  type Manifest,
  parseManifest,
  readBundle,
  sha256,
} from '@repo/model-bundle'
import { onDisk, writeDurably } from './disk.js'
import { StoreError } from './errors.js'
import { fileStates, isIntact, noteStates } from './file-states.js'
import { checkName, checkVersion, manifestKey, newestFirst, notFound } from './layout.js'
import { readPointer } from './pointer.js'
import { type OnProgress, ProgressMeter } from './progress.js'
import { downloadFiles, reuseFiles, syncFolders, totalBytes } from './pull-files.js'
import { prepareTarget, replaceFolder } from './replace-folder.js'
import { checkSignature, fromFolder, fromStore } from './signature.js'
import type { ModelStore } from './store.js'

export interface PullOptions {
  /** Default `latest`. */
  version?: string
  /** Refuse a model that none of these public keys has signed, and a `latest` that is older than what is there. */
  trust?: readonly KeyObject[]
  /** Read and hash every byte of what is there, instead of believing what the last pull has noted of its files. */
  verify?: boolean
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
  const { version: wanted = 'latest', trust, onProgress, signal = new AbortController().signal } = options
  checkName(name)
  if (wanted !== 'latest') checkVersion(wanted)
  // Every request under way listens to it.
  setMaxListeners(0, signal)

  return onDisk(`Pulling ${name} into ${target}`, async () => {
    const folder = await prepareTarget(target, { keepPartial: true })
    const found = await findVersion(store, name, wanted, signal)
    const { version, manifestSha256 } = found
    const signed = { name, version, manifestSha256 }
    const done = { ...signed, folder }
    if (trust && wanted === 'latest') await checkNoDowngrade(folder, name, version)
    if (await isIntact(folder, manifestSha256, options)) {
      const [local, remote] = [fromFolder(folder), fromStore(store, signed, signal)]
      if (trust)
        await checkSignature(async (path) => (await local(path)) ?? (await remote(path)), trust, signed)
      await prepareTarget(folder)
      return { ...done, downloadedBytes: 0, reusedBytes: 0, changed: false }
    }
    const signature = trust && (await checkSignature(fromStore(store, signed, signal), trust, signed))
    const data = found.data ?? (await readManifest(store, name, version, manifestSha256, signal))
    const manifest = checkedManifest(store, name, version, data)
    const fill = async (temporary: string) => {
      const missing = await reuseFiles(folder, temporary, manifest)
      const meter = new ProgressMeter('pull', totalBytes(missing), onProgress)
      const downloadedBytes = await downloadFiles({ store, manifest, missing, temporary, meter, signal })
      await checkExternalData(temporary, manifest)
      await writeDurably(join(temporary, MANIFEST_FILE), data)
      if (signature) await writeDurably(join(temporary, signature.path), signature.data)
      await syncFolders(temporary, manifest)
      signal.throwIfAborted()
      const reusedBytes = Math.max(0, totalBytes(manifest.files) - downloadedBytes)
      return { downloadedBytes, reusedBytes, states: await fileStates(temporary, manifest) }
    }
    const { states, ...bytes } = await replaceFolder(folder, fill, isWorthResuming)
    await noteStates(folder, manifest, manifestSha256, states)
    return { ...done, ...bytes, changed: true }
  })
}

/** Whoever cancels wants nothing left behind; a store or a network that failed, or a deadline, wants another try. */
function isWorthResuming(error: unknown): boolean {
  return (
    (error instanceof StoreError && error.code === 'unreachable') || (error as Error)?.name === 'TimeoutError'
  )
}

/**
 * An old model with a good signature is still an old model: who controls the store but no key could bring back one
 * whose faults are known. An older version on purpose is asked for by its number.
 */
async function checkNoDowngrade(folder: string, name: string, version: string): Promise<void> {
  const old = (await readBundle(folder).catch(() => undefined))?.manifest
  if (!old || old.name !== name || newestFirst(old.version, version) >= 0) return
  throw new StoreError(
    'integrity',
    `The latest version of ${name} is ${version}, but ${folder} holds ${old.version}, which is newer. If the release ` +
      `was taken back on purpose, pull it with --version ${version}.`,
  )
}

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
