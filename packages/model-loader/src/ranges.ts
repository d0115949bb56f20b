import { createHash, type Hash } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { constants, type FileHandle, open } from 'node:fs/promises'
import { StoreError } from './errors.js'
import type { ModelStore } from './store.js'

/** One request's share of a large file. */
const RANGE_BYTES = 8 << 20
/** Requests under way at once; with RANGE_BYTES it bounds the memory that a pull needs. */
const MAX_REQUESTS = 4

/** Counts requests under way; who waits longest goes next. */
export class Slots {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number = MAX_REQUESTS) {
    this.#free = count
  }

  async take(): Promise<void> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  give(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free++
  }
}

export interface FileDownload {
  store: ModelStore
  key: string
  /** What the manifest promises. */
  file: { path: string; bytes: number; sha256: string }
  /** The file to write. What is in it already is taken for the file's beginning, and found out if it is not. */
  to: string
  /** Shared by all files of a pull. */
  slots: Slots
  onBytes(bytes: number): void
  /** Aborting it ends the download. */
  signal: AbortSignal
}

/**
 * Downloads one file in parallel ranges, hashes it in file order as the ranges come, and makes it durable. Chunks are
 * hashed and written as they came from the network, without a copy. The file on disk grows from its start, without
 * holes, so what a broken off download left is a beginning.
 * @returns the number of bytes downloaded
 * @throws StoreError `integrity` when the bytes are not the promised ones
 */
export async function downloadFile(download: FileDownload): Promise<number> {
  const { file, onBytes } = download
  const handle = await open(download.to, constants.O_RDWR | constants.O_CREAT, 0o666)
  try {
    const hash = createHash('sha256')
    const there = await hashBeginning(handle, file.bytes, hash)
    onBytes(there)
    const found = await downloadRest(download, handle, there, hash)
    let downloaded = file.bytes - there
    if (found !== file.sha256) {
      // What was there may have been no beginning of this file, or the disk lost it in a power cut.
      await handle.truncate(0)
      if (there === 0) throw wrongHash(download, found)
      const again = await downloadRest(download, handle, 0, createHash('sha256'))
      if (again !== file.sha256) throw wrongHash(download, again)
      downloaded += file.bytes
    }
    await handle.sync()
    return downloaded
  } finally {
    await handle.close()
  }
}

/** @returns how many bytes are there */
async function hashBeginning(handle: FileHandle, bytes: number, hash: Hash): Promise<number> {
  const { size } = await handle.stat()
  if (size > bytes) await handle.truncate(0)
  if (size === 0 || size > bytes) return 0
  const buffer = Buffer.allocUnsafe(1 << 20)
  let at = 0
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at)
    if (bytesRead === 0) return at
    hash.update(buffer.subarray(0, bytesRead))
    at += bytesRead
  }
}

/** @returns the SHA-256 of the whole file */
async function downloadRest(
  download: FileDownload,
  handle: FileHandle,
  from: number,
  hash: Hash,
): Promise<string> {
  const { file, slots, signal } = download
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  setMaxListeners(0, either)
  const ranges: Promise<void>[] = []
  let failure: unknown
  const fail = (error: unknown) => {
    // The first failure tells why; the others only say that they were stopped.
    failure ??= error
    stop.abort()
  }
  let flushing: Promise<void> | undefined
  // The disk works while the network does, or the last sync would have to write everything.
  const flush = () => {
    flushing ??= handle
      .datasync()
      .catch(fail)
      .finally(() => {
        flushing = undefined
      })
  }
  for (let start = from; start < file.bytes; start += RANGE_BYTES) {
    await slots.take()
    if (either.aborted) {
      slots.give()
      break
    }
    const before = ranges.at(-1)
    const end = Math.min(start + RANGE_BYTES, file.bytes)
    const range = readRange(download, start, end, either)
      .then(async (chunks) => {
        // Its turn comes when all before it are hashed and written.
        await before
        for (const chunk of chunks) hash.update(chunk)
        await writeAll(handle, chunks, start)
        flush()
      })
      .finally(() => slots.give())
    range.catch(fail)
    ranges.push(range)
  }
  await Promise.allSettled(ranges)
  await flushing
  signal.throwIfAborted()
  if (failure) throw failure
  return hash.digest('hex')
}

/** SHA-256 of an object's first `bytes` bytes, streamed. */
export async function sha256Of(
  store: ModelStore,
  key: string,
  bytes: number,
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256')
  if (bytes > 0) for await (const chunk of store.readRange(key, 0, bytes, signal)) hash.update(chunk)
  return hash.digest('hex')
}

async function readRange(
  { store, key, file, onBytes }: FileDownload,
  start: number,
  end: number,
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  let got = 0
  try {
    for await (const chunk of store.readRange(key, start, end, signal)) {
      chunks.push(chunk)
      got += chunk.length
      if (got > end - start) break
      onBytes(chunk.length)
    }
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'not-found') throw error
    throw new StoreError(
      'integrity',
      `${store.url}: ${key} is missing, though the model's manifest lists it (${file.bytes} bytes). ` +
        'Publish the model again as a new version.',
      { cause: error },
    )
  }
  if (got === end - start) return chunks
  throw new StoreError(
    'integrity',
    `${store.url}: ${key} is not the file that the manifest describes: expected ${file.bytes} bytes, but bytes ` +
      `${start} to ${end} came as ${got} bytes. Pull again; if it stays so, publish the model again as a new version.`,
  )
}

function wrongHash({ store, key, file }: FileDownload, found: string): StoreError {
  return new StoreError(
    'integrity',
    `${store.url}: ${key} is not the file that the manifest describes: expected SHA-256 ${file.sha256}, found ` +
      `${found}. Pull again; if it stays so, the store's copy is damaged: publish the model again as a new version.`,
  )
}

/** A nearly full disk takes a part, and says why it takes no more only when asked again. */
async function writeAll(handle: FileHandle, chunks: Uint8Array[], position: number): Promise<void> {
  const total = chunks.reduce((sum, { length }) => sum + length, 0)
  let { bytesWritten } = await handle.writev(chunks, position)
  if (bytesWritten === total) return
  const data = Buffer.concat(chunks)
  while (bytesWritten < total) {
    const more = await handle.write(data, bytesWritten, total - bytesWritten, position + bytesWritten)
    bytesWritten += more.bytesWritten
  }
}
