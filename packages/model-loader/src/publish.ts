import { createHash, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MANIFEST_FILE, sha256, verifyBundle } from '@repo/model-bundle'
import { bytesContent, fileContent } from './content.js'
import { onDisk } from './disk.js'
import { StoreError } from './errors.js'
import { fileKey, manifestKey } from './layout.js'
import { movePointer } from './pointer.js'
import { type OnProgress, ProgressMeter } from './progress.js'
import { UNFINISHED_AFTER_MS } from './prune.js'
import { writeSignature } from './signature.js'
import type { ModelStore } from './store.js'

export interface PublishOptions {
  /** Make it the latest version; default true. */
  promote?: boolean
  /** Who does it, for the history; default: whoever runs this. */
  by?: string
  /** Ed25519 private key, see `readKey`: the version gets its signature, also one that is published already. */
  signKey?: KeyObject
  onProgress?: OnProgress
  signal?: AbortSignal
}

export interface Published {
  name: string
  version: string
  manifestSha256: string
  uploadedBytes: number
  /** This very version was published before; nothing was uploaded. */
  alreadyThere: boolean
}

/** From this size on a request is cheaper than sending a file that is there already. */
const WORTH_ASKING_BYTES = 1 << 20

/**
 * Publishes the bundle in `folder`. A version is immutable: publishing the same again does nothing, publishing
 * something else under its number is a `conflict`. What an earlier, unfinished publish left is used if it is the same.
 * @throws BundleError when the folder is not a sound bundle
 * @throws StoreError
 */
export async function publishModel(
  store: ModelStore,
  folder: string,
  options: PublishOptions = {},
): Promise<Published> {
  const { promote = true, onProgress, signal } = options
  const { manifest, manifestSha256 } = await verifyBundle(folder)
  const { name, version } = manifest
  const path = join(folder, MANIFEST_FILE)
  const manifestBytes = await onDisk(`Reading ${path}`, () => readFile(path))
  if (sha256(manifestBytes) !== manifestSha256) {
    throw new StoreError('integrity', `${path} changed while it was being published. Publish it again.`)
  }

  // Before the manifest: a version that exists is signed, or is never going to be.
  const signed = { name, version, manifestSha256 }
  let alreadyThere = await isPublished(store, name, version, manifestSha256, signal)
  if (options.signKey) await writeSignature(store, options.signKey, signed, signal)
  const meter = new ProgressMeter('publish', sum(manifest.files), onProgress)
  if (!alreadyThere) {
    // One after the other and in the same order for everybody: of two publishers with different files under one
    // version, the one that is first at the first difference can finish.
    for (const file of [...manifest.files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
      const key = fileKey(name, version, file.path)
      const content = fileContent(join(folder, file.path), file, (bytes) => meter.add(file.path, bytes))
      // The write itself would find out too, but only after all its bytes were sent.
      const isThere = file.bytes > WORTH_ASKING_BYTES && (await store.head(key, signal)) !== undefined
      const write = () =>
        onDisk(`Publishing ${join(folder, file.path)}`, () =>
          store.write(key, content, { ifNoneMatch: '*' }, signal),
        )
      if (!isThere && (await write())) continue
      if ((await clearForgotten(store, key, signal)) && (await write())) continue
      await checkSame(store, key, file, signal)
    }
    const content = bytesContent(manifestBytes)
    if (!(await store.write(manifestKey(name, version), content, { ifNoneMatch: '*' }, signal))) {
      alreadyThere = await isPublished(store, name, version, manifestSha256, signal)
    }
  }
  if (promote) await movePointer(store, name, { version, manifestSha256 }, options)
  return { name, version, manifestSha256, uploadedBytes: alreadyThere ? 0 : meter.doneBytes, alreadyThere }
}

/** @throws StoreError `conflict` when the version exists with another manifest */
async function isPublished(
  store: ModelStore,
  name: string,
  version: string,
  manifestSha256: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const found = await store.read(manifestKey(name, version), signal)
  if (!found) return false
  const foundSha256 = sha256(found.data)
  if (foundSha256 === manifestSha256) return true
  throw new StoreError(
    'conflict',
    `${store.url}: ${name} ${version} is published already, with other content (manifest ${foundSha256}, yours is ` +
      `${manifestSha256}). A published version never changes: give yours a new version and publish that.`,
  )
}

/**
 * What lies there so long that `prune` may remove it at any moment must not become a part of a version: it is written
 * anew. Half the time that prune waits leaves it no chance to meet us.
 * @returns whether the key is free now
 */
async function clearForgotten(store: ModelStore, key: string, signal?: AbortSignal): Promise<boolean> {
  const found = await store.head(key, signal)
  if (!found) return true
  if (Date.now() - found.modified.getTime() < UNFINISHED_AFTER_MS / 2) return false
  return store.delete(key, found.etag, signal)
}

/** A file that lies there without a manifest is from a publish that has not finished; it counts if it is the same. */
async function checkSame(
  store: ModelStore,
  key: string,
  file: { bytes: number; sha256: string },
  signal?: AbortSignal,
): Promise<void> {
  const found = await store.head(key, signal)
  if (found?.bytes === file.bytes) {
    let { sha256 } = found
    if (sha256 === undefined) {
      const hash = createHash('sha256')
      const chunks = file.bytes > 0 ? store.readRange(key, 0, file.bytes, signal) : []
      for await (const chunk of chunks) hash.update(chunk)
      sha256 = hash.digest('hex')
    }
    if (sha256 === file.sha256) return
  }
  throw new StoreError(
    'conflict',
    `${store.url}: ${key} is there already with other content (${found?.bytes ?? 0} bytes, yours has ${file.bytes}), ` +
      'from another publish of the same version that has not finished. Publish yours as a new version, or, if nobody ' +
      'else is publishing, delete what lies below that version and publish again.',
  )
}

const sum = (files: { bytes: number }[]) => files.reduce((total, { bytes }) => total + bytes, 0)
