import { type FileHandle, open, stat, truncate } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Check } from './cache.js'
import { StoreError } from './errors.js'

export interface HttpDownload {
  url: string
  /** Grows while bytes come; what it holds from an earlier try is kept and only the rest is asked for. */
  part: string
  check: Check
  /** What to do when the download is not possible. */
  nextStep: string
  /** How many bytes of it are here. */
  onSize(bytes: number): void
  signal: AbortSignal
}

/** Tries in a row that bring no new byte before it is given up. */
const MAX_IDLE_TRIES = 3
const WAIT_MS = 500
/** A connection that is silent for so long is taken for dead. */
const SILENCE_MS = 60_000

/**
 * Downloads `url` into `part`, going on where an earlier try, or an earlier run, stopped.
 * @returns the bytes that came over the network
 * @throws StoreError; `part` is then left for the next run unless its content is wrong
 */
export async function downloadTo(download: HttpDownload): Promise<number> {
  let received = 0
  let hasRestarted = false
  for (let idleTries = 0; ; ) {
    const before = received
    const kept = await sizeOf(download.part)
    try {
      await attempt(download, kept, (bytes) => {
        received += bytes
      })
    } catch (error) {
      download.signal.throwIfAborted()
      if (!(error instanceof StoreError) || error.code !== 'unreachable') throw error
      idleTries = received > before ? 0 : idleTries + 1
      if (idleTries === MAX_IDLE_TRIES) throw error
      await sleep(WAIT_MS, undefined, { signal: download.signal })
      continue
    }
    const problem = await download.check.problem(download.part)
    if (problem === undefined) return received
    await truncate(download.part)
    // What an earlier run left may be of another file. When everything came anew there is nothing left to try.
    if (kept === 0 || hasRestarted) throw wrongContent(download, problem)
    hasRestarted = true
  }
}

/** One request, for what is missing behind the `kept` bytes that are here. */
async function attempt(
  download: HttpDownload,
  kept: number,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const { url, part, check, onSize, signal } = download
  if (check.bytes !== undefined && kept >= check.bytes) return
  const watchdog = new Watchdog(signal)
  try {
    const headers: Record<string, string> = kept > 0 ? { range: `bytes=${kept}-` } : {}
    const response = await fetch(url, { headers, signal: watchdog.signal }).catch((cause) => {
      throw unreachable(download, cause)
    })
    const handle = await open(part, 'a')
    try {
      let size = await keptSize(download, response, kept)
      if (size !== kept) await handle.truncate(size)
      if (!response.ok || !response.body) throw refused(download, response)
      const reader = response.body.getReader()
      for (;;) {
        const { done, value } = await reader.read().catch((cause) => {
          throw unreachable(download, cause)
        })
        if (done) break
        watchdog.reset()
        await append(handle, value)
        onBytes(value.length)
        size += value.length
        onSize(size)
        // No need to take in what can't be right any more.
        if (check.bytes !== undefined && size > check.bytes) break
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
  } finally {
    watchdog.stop()
  }
}

/** How much of what is here fits this answer: nothing when the server sends something else than the asked-for rest. */
async function keptSize(download: HttpDownload, response: Response, kept: number): Promise<number> {
  if (kept === 0 || !(response.ok || response.status === 416)) return kept
  if (response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${kept}-`))
    return kept
  if (response.status === 200) return 0
  await truncate(download.part)
  throw unreachable(download, new Error(`the server can't send the rest from byte ${kept}`))
}

async function append(handle: FileHandle, data: Uint8Array): Promise<void> {
  for (let written = 0; written < data.length; ) {
    written += (await handle.write(data, written)).bytesWritten
  }
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  )

function unreachable({ url, nextStep }: HttpDownload, failure: unknown): StoreError {
  // fetch says only "fetch failed"; the reason is its cause.
  const { message, cause } = failure as Error
  const reason =
    cause instanceof Error ? `${message}: ${cause.message || (cause as { code?: string }).code}` : message
  return new StoreError('unreachable', `Downloading ${url} failed: ${reason}. ${nextStep}`, {
    cause: failure,
  })
}

function refused({ url, nextStep }: HttpDownload, { status, statusText }: Response): StoreError {
  const message = `Downloading ${url} failed: the server answered ${status} ${statusText}. ${nextStep}`
  if (status === 404 || status === 410) return new StoreError('not-found', message)
  if (status === 401 || status === 403) return new StoreError('access', message)
  return new StoreError('unreachable', message)
}

function wrongContent({ url, nextStep }: HttpDownload, problem: string): StoreError {
  return new StoreError(
    'integrity',
    `${url} is not the file that the catalogue describes: ${problem}. ${nextStep}`,
  )
}

/** Aborts a request that has been silent for too long. */
class Watchdog {
  readonly #silent = new AbortController()
  readonly #timer: NodeJS.Timeout
  readonly signal: AbortSignal

  constructor(outer: AbortSignal) {
    this.signal = AbortSignal.any([outer, this.#silent.signal])
    const abort = () => this.#silent.abort(new Error(`nothing came for ${SILENCE_MS / 1000} s`))
    this.#timer = setTimeout(abort, SILENCE_MS)
  }

  reset(): void {
    this.#timer.refresh()
  }

  /** Also ends a request that is still running. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#silent.abort()
  }
}
