import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { sha256File } from '@repo/model-bundle'
import { diskCode, onDisk, syncFolder } from './disk.js'
import { downloadFile, Slots } from './download-file.js'
import { StoreError, type StoreErrorCode } from './errors.js'
import { isAbandoned, isOwned, ownName, release } from './ownership.js'
import { retryingStream } from './retry.js'
import type { ModelStore } from './store.js'

/** How to tell that a file is the right one: by its hash, or, for a small one whose hash is not known, by its text. */
export type Check = { bytes: number; sha256: string } | { expected: string; accepts(text: string): boolean }

export interface CachedFile {
  cacheFolder: string
  baseUrl: string
  /** Below `baseUrl`; its last part is the file's name in the cache. */
  path: string
  check: Check
  /** So many bytes more of it are here. */
  onBytes(file: string, bytes: number): void
  signal: AbortSignal
}

const RETRY = { tries: 3, firstWaitMs: 500, maxWaitMs: 2_000, stallMs: 60_000 }
const MAX_TEXT_BYTES = 10_000_000

/**
 * A file of the cache, downloaded if it is not there yet. A file that lies there with the right content is used as it
 * is, so a machine without a network can be seeded by copying files, and nothing is written then.
 * @throws StoreError; what was downloaded until then is kept for the next try
 */
export async function cachedFile(file: CachedFile): Promise<{ path: string; downloadedBytes: number }> {
  const { cacheFolder, baseUrl, check, signal } = file
  const name = basename(file.path)
  const onBytes = (bytes: number) => file.onBytes(name, bytes)
  const path = join(cacheFolder, name)
  const problem = await problemOf(path, check)
  if (problem === undefined) {
    onBytes(await sizeOf(path))
    return { path, downloadedBytes: 0 }
  }

  const url = urlOf(file.path, baseUrl)
  const nextStep =
    `Run it again when the network is there (what has come is kept), or put the file at ${path} yourself` +
    `${problem === 'missing' ? '' : `; the one there now is not it: ${problem}`}.`
  const wrong = (expected: string, found: string) =>
    new StoreError(
      'integrity',
      `${url} is not the file that the catalogue describes: expected ${expected}, found ${found}. ${nextStep}`,
    )
  const store = overHttp(url, nextStep)
  const own = ownName(name, 'part')
  const part = join(cacheFolder, own)
  let keep = true
  try {
    return await onDisk(`Downloading ${url} to ${cacheFolder}`, async () => {
      await mkdir(cacheFolder, { recursive: true })
      let downloadedBytes: number
      if ('sha256' in check) {
        await adoptPart(cacheFolder, name, part)
        const one = { slots: new Slots(), quick: 0 }
        downloadedBytes = await downloadFile({
          store,
          key: url,
          file: check,
          to: part,
          ...one,
          onBytes,
          wrong,
          signal,
        })
      } else {
        const chunks: Uint8Array[] = []
        for await (const chunk of store.readRange(url, 0, MAX_TEXT_BYTES, signal)) chunks.push(chunk)
        const data = Buffer.concat(chunks)
        if (!check.accepts(data.toString())) throw wrong(check.expected, 'something else')
        await writeFile(part, data)
        downloadedBytes = data.length
        onBytes(downloadedBytes)
      }
      await rename(part, path)
      await syncFolder(cacheFolder)
      return { path, downloadedBytes }
    })
  } catch (error) {
    keep = !(error instanceof StoreError && error.code === 'integrity')
    throw error
  } finally {
    release(own)
    if (!keep || (await sizeOf(part)) === 0) await rm(part, { force: true }).catch(() => {})
  }
}

/** What is at the URL, as a store's object. A server that knows no ranges sends everything: the beginning is passed over. */
function overHttp(url: string, nextStep: string): Pick<ModelStore, 'readRange'> {
  const failed = (code: StoreErrorCode, reason: string, cause?: unknown) =>
    new StoreError(code, `Downloading ${url} failed: ${reason}. ${nextStep}`, {
      cause,
      isTransient: code === 'unreachable',
    })
  async function* open(at: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      const response = await fetch(url, { headers: at > 0 ? { range: `bytes=${at}-` } : {}, signal })
      const { status, statusText, body } = response
      // There is nothing behind its end; whoever counts what has come will notice.
      if (status === 416) return
      const codes: Record<number, StoreErrorCode> = {
        401: 'access',
        403: 'access',
        404: 'not-found',
        410: 'not-found',
      }
      if (!response.ok || !body)
        throw failed(codes[status] ?? 'unreachable', `the server answered ${status} ${statusText}`)
      let skip = status === 206 ? 0 : at
      for await (const chunk of body) {
        yield chunk.subarray(skip)
        skip = Math.max(0, skip - chunk.length)
      }
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof StoreError) throw error
      // fetch says only "fetch failed"; the reason is its cause.
      const { message, cause } = error as Error & { cause?: { message?: string; code?: string } }
      throw failed('unreachable', cause ? `${message}: ${cause.message || cause.code}` : message, error)
    }
  }
  return {
    readRange: (_key, start, end, signal) =>
      retryingStream(RETRY, `Downloading ${url}`, start, end, signal, async (at, abort) => open(at, abort)),
  }
}

/** Goes on with what a run that has ended left behind; renaming makes sure that only one process does. */
async function adoptPart(folder: string, name: string, part: string): Promise<void> {
  for (const found of await readdir(folder)) {
    const path = join(folder, found)
    if (!isOwned(found, name, 'part') || !(await isAbandoned(path))) continue
    const isAdopted = await rename(path, part).then(
      () => true,
      () => false,
    )
    if (isAdopted) return
  }
}

/** Undefined when the file is there and the right one. */
async function problemOf(path: string, check: Check): Promise<string | undefined> {
  try {
    if ('accepts' in check)
      return check.accepts(await readFile(path, 'utf8')) ? undefined : `expected ${check.expected}`
    const { size } = await stat(path)
    if (size !== check.bytes) return `expected ${check.bytes} bytes, found ${size}`
    const found = (await sha256File(path)).sha256
    return found === check.sha256 ? undefined : `expected SHA-256 ${check.sha256}, found ${found}`
  } catch (error) {
    const code = diskCode(error)
    if (code === undefined) throw error
    return code === 'ENOENT' ? 'missing' : (error as Error).message
  }
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  )

function urlOf(path: string, baseUrl: string): string {
  const base = baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`
  if (/^https?:/.test(base) && URL.canParse(path, base)) return new URL(path, base).href
  throw new StoreError('usage', `${baseUrl} is not an address to download from: an https URL is needed.`)
}
