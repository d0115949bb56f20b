import { createHash, type Hash } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { constants, type FileHandle, open } from 'node:fs/promises'
import { BlockWriter } from './block-writer.js'
import type { StoreError } from './errors.js'
import type { ModelStore } from './store.js'

/** A stream that brings its first bytes at least at this speed, in bytes a second, is not worth dividing. */
const QUICK = 100_000_000
/** How many bytes tell the speed. */
const TRIAL_BYTES = 8 << 20
/** One request's share of a large file that comes slowly. */
const RANGE_BYTES = 4 << 20
/** Requests under way at once; with RANGE_BYTES it bounds the memory that a pull needs. */
const MAX_REQUESTS = 4

/** Leave for one request, and room for what it brings if that has to wait for its turn. */
interface Slot {
  room?: Uint8Array
}

/** Bounds the requests under way; who waits longest goes next. */
export class Slots {
  readonly #free: Slot[] = Array.from({ length: MAX_REQUESTS }, () => ({}))
  readonly #waiting: ((slot: Slot) => void)[] = []

  async take(): Promise<Slot> {
    return this.#free.pop() ?? new Promise((resolve) => this.#waiting.push(resolve))
  }

  give(slot: Slot): void {
    const next = this.#waiting.shift()
    if (next) next(slot)
    else this.#free.push(slot)
  }
}

export interface FileDownload {
  store: Pick<ModelStore, 'readRange'>
  key: string
  /** What is promised. */
  file: { bytes: number; sha256: string }
  /** The file to write. What is in it already is taken for the file's beginning, and found out if it is not. */
  to: string
  /** Shared by all files of a pull. */
  slots: Slots
  onBytes(bytes: number): void
  /** The error for bytes that are not the promised ones. */
  wrong(expected: string, found: string): StoreError
  /** Aborting it ends the download. */
  signal: AbortSignal
  /** See QUICK. */
  quick?: number
}

/**
 * Downloads one file, hashes it as it comes, and makes it durable. It comes in one stream if that is quick: on a fast
 * network, more requests only cost more of the processor. Otherwise it comes in parallel ranges, which get more out of a
 * far or busy store. The file on disk grows from its start, without holes, so what a broken off download left is a
 * beginning.
 * @returns the number of bytes downloaded
 * @throws StoreError; `wrong` when the bytes are not the promised ones
 */
export async function downloadFile(download: FileDownload): Promise<number> {
  const { file, onBytes } = download
  const wrongHash = (found: string) => download.wrong(`SHA-256 ${file.sha256}`, found)
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
      if (there === 0) throw wrongHash(found)
      const again = await downloadRest(download, handle, 0, createHash('sha256'))
      if (again !== file.sha256) throw wrongHash(again)
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
  const { file, to } = download
  const writer = await BlockWriter.open(to, handle, from, file.bytes)
  const take = async (chunk: Uint8Array) => {
    hash.update(chunk)
    await writer.append(chunk)
  }
  try {
    const at = await inOneStream(download, from, take)
    if (at < file.bytes) await inRanges(download, at, take)
  } finally {
    await writer.close()
  }
  return hash.digest('hex')
}

type Take = (chunk: Uint8Array) => Promise<void>

/** @returns where it stopped: before the end if it is slow */
async function inOneStream(download: FileDownload, from: number, take: Take): Promise<number> {
  const { file, slots, signal, quick = QUICK } = download
  let [at, start, isTried] = [from, 0, false]
  if (from === file.bytes) return at
  const slot = await slots.take()
  try {
    signal.throwIfAborted()
    for await (const chunk of chunksOf(download, from, file.bytes, signal)) {
      start ||= performance.now()
      await take(chunk)
      at += chunk.length
      if (isTried || at - from < TRIAL_BYTES) continue
      isTried = true
      if ((at - from) / ((performance.now() - start) / 1000) < quick) break
    }
  } finally {
    slots.give(slot)
  }
  return at
}

async function inRanges(download: FileDownload, from: number, take: Take): Promise<void> {
  const { file, slots, signal } = download
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  setMaxListeners(0, either)
  const ranges: Promise<void>[] = []
  let failure: unknown
  for (let start = from; start < file.bytes; start += RANGE_BYTES) {
    const slot = await slots.take()
    if (either.aborted) {
      slots.give(slot)
      break
    }
    const before = ranges.at(-1)
    const end = Math.min(start + RANGE_BYTES, file.bytes)
    slot.room ??= new Uint8Array(RANGE_BYTES)
    const range = collect(chunksOf(download, start, end, either), slot.room)
      .then(async (data) => {
        // Its turn comes when all before it are hashed and written.
        await before
        await take(data)
      })
      .finally(() => slots.give(slot))
    range.catch((error) => {
      // The first failure tells why; the others only say that they were stopped.
      failure ??= error
      stop.abort()
    })
    ranges.push(range)
  }
  await Promise.allSettled(ranges)
  signal.throwIfAborted()
  if (failure) throw failure
}

/** Copied, so that chunks live as short as those of a stream: kept, they would wait long for the garbage collector. */
async function collect(chunks: AsyncIterable<Uint8Array>, room: Uint8Array): Promise<Uint8Array> {
  let length = 0
  for await (const chunk of chunks) {
    room.set(chunk, length)
    length += chunk.length
  }
  return room.subarray(0, length)
}

/** Just as many bytes as are promised, or an error. */
async function* chunksOf(
  { store, key, file, onBytes, wrong }: FileDownload,
  start: number,
  end: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let at = start
  for await (const chunk of store.readRange(key, start, end, signal)) {
    at += chunk.length
    if (at > end) break
    onBytes(chunk.length)
    yield chunk
  }
  if (at > end) throw wrong(`${file.bytes} bytes`, `more than ${end} bytes`)
  if (at < end) throw wrong(`${file.bytes} bytes`, `${at} bytes`)
}
