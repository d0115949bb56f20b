import {
  type Failure,
  isConditionNotMet,
  isMissing,
  type Place,
  storeError,
  type Words,
} from './cloud-errors.js'
import { collect, sendParts } from './parts.js'
import { type RetryPolicy, retrying, retryingStream } from './retry.js'
import type { Content, ModelStore, ObjectInfo, WriteCondition } from './store.js'

/** One request: `signal` ends it, `alive` is to be called whenever something moves. */
export interface Ask {
  signal: AbortSignal
  alive(): void
}

/** What a cloud says of an object; it knows no prefix, and not every answer has everything. */
export type Found = { [Field in Exclude<keyof ObjectInfo, 'key'>]?: ObjectInfo[Field] | undefined }

export const found = (
  bytes?: number,
  etag?: string,
  modified?: Date,
  metadata?: Record<string, string>,
): Found => ({ bytes, etag, modified, sha256: metadata?.sha256 })

/** What is written beside an object's bytes, and when. */
export interface About {
  sha256: string
  contentType: string
  condition: WriteCondition
}

/**
 * The requests of one cloud's library, each made once. They throw what the library throws; `failure` says what it
 * means. Keys are whole, prefix included.
 */
export interface Cloud {
  readonly auth?: string
  readonly words: Words
  /** Objects up to this many bytes go in one request, larger ones in parts of at least this size. */
  readonly partBytes: number
  readonly maxParts: number
  /** How many times longer a write may stall than a read: for a library that does not tell how far it is. */
  readonly uploadPatience: number
  failure(error: unknown): Failure
  /** Called when there is no such container. @returns whether there is one now */
  makeContainer?(signal: AbortSignal): Promise<boolean>
  head(key: string, ask: Ask): Promise<Found>
  get(key: string, start: number, end: number | undefined, ask: Ask): Promise<{ body: Chunks; found: Found }>
  put(key: string, data: Buffer, about: About, ask: Ask): Promise<Found | undefined>
  /** Begins an upload in parts, which nobody sees before `finish`. */
  begin(key: string, about: About, ask: Ask): Promise<string>
  part(key: string, upload: string, index: number, data: Buffer, ask: Ask): Promise<string>
  finish(key: string, upload: string, parts: string[], about: About, ask: Ask): Promise<Found | undefined>
  /** Where a cloud does not forget unfinished uploads by itself. */
  abandon?(key: string, upload: string): Promise<void>
  delete(key: string, etag: string, ask: Ask): Promise<void>
  /** One page. */
  list(prefix: string, from: string | undefined, ask: Ask): Promise<Page>
}

type Chunks = AsyncIterable<Uint8Array>
type Page = { objects: (Found & { key: string })[]; next: string | undefined }

/** Models in a cloud's object storage: what all clouds have in common, retries and errors above all. */
export class CloudStore implements ModelStore {
  readonly url: string
  declare readonly auth?: string

  constructor(
    private readonly place: { url: string; prefix: string; retry: RetryPolicy },
    private readonly cloud: Cloud,
  ) {
    this.url = place.url
    if (cloud.auth !== undefined) this.auth = cloud.auth
  }

  async head(key: string, signal?: AbortSignal): Promise<ObjectInfo | undefined> {
    return this.#request(`looking up ${key}`, signal, async (ask) => {
      const found = await this.cloud.head(this.#at(key), ask).catch(this.#unless(isMissing))
      return found && info(key, found)
    })
  }

  async read(key: string, signal?: AbortSignal) {
    return this.#request(`reading ${key}`, signal, async (ask) => {
      const answer = await this.cloud.get(this.#at(key), 0, undefined, ask).catch(this.#unless(isMissing))
      if (!answer) return undefined
      const chunks: Uint8Array[] = []
      for await (const chunk of answer.body) {
        chunks.push(chunk)
        ask.alive()
      }
      const data = Buffer.concat(chunks)
      return { data, info: info(key, { ...answer.found, bytes: data.length }) }
    })
  }

  readRange(key: string, start: number, end: number, signal?: AbortSignal) {
    const doing = `reading ${key}`
    const open = async (at: number, abort: AbortSignal) => this.#chunks(doing, key, at, end, abort)
    return retryingStream(this.place.retry, `${this.url}: ${doing}`, start, end, signal, open)
  }

  async *#chunks(doing: string, key: string, start: number, end: number, signal: AbortSignal) {
    try {
      const { body } = await this.cloud.get(this.#at(key), start, end, { signal, alive: () => {} })
      yield* body
    } catch (error) {
      signal.throwIfAborted()
      // Asked for bytes behind its end: the reader counts what it gets and says what is wrong.
      if (this.cloud.failure(error).status === 416) return
      throw this.#storeError(error, doing)
    }
  }

  async write(key: string, content: Content, condition: WriteCondition, signal?: AbortSignal) {
    const about = { sha256: content.sha256, contentType: contentType(key), condition }
    const isSmall = content.bytes <= this.cloud.partBytes
    const found = await (isSmall
      ? this.#writeWhole(key, await collect(content), about, signal)
      : this.#writeParts(key, content, about, signal))
    if (!found) return undefined
    const { bytes, sha256 } = content
    return info(key, { ...found, modified: found.modified ?? new Date(), bytes, sha256 })
  }

  #writeWhole(key: string, data: Buffer, about: About, signal?: AbortSignal): Promise<Found | undefined> {
    return this.#request(`writing ${key}`, signal, (ask) =>
      this.cloud.put(this.#at(key), data, about, ask).catch(this.#unless(isConditionNotMet)),
    )
  }

  async #writeParts(
    key: string,
    content: Content,
    about: About,
    signal?: AbortSignal,
  ): Promise<Found | undefined> {
    const { cloud } = this
    const at = this.#at(key)
    const doing = `writing ${key}`
    const partBytes = Math.max(cloud.partBytes, Math.ceil(content.bytes / cloud.maxParts))
    const upload = await this.#request(doing, signal, (ask) => cloud.begin(at, about, ask))
    let found: Found | undefined
    try {
      const send = (data: Buffer, index: number, either: AbortSignal) =>
        this.#request(doing, either, (ask) => cloud.part(at, upload, index, data, ask))
      const parts = await sendParts(content, partBytes, send, signal)
      found = await this.#request(doing, signal, (ask) =>
        cloud.finish(at, upload, parts, about, ask).catch(this.#unless(isConditionNotMet)),
      )
      return found
    } finally {
      // Even when we were told to stop: nothing is to be left behind.
      if (!found) await cloud.abandon?.(at, upload).catch(() => {})
    }
  }

  async delete(key: string, etag: string, signal?: AbortSignal): Promise<boolean> {
    return this.#request(`deleting ${key}`, signal, async (ask) => {
      const gone = this.cloud.delete(this.#at(key), etag, ask).then(() => true)
      return (await gone.catch(this.#unless(isConditionNotMet))) ?? false
    })
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncIterable<ObjectInfo> {
    const skip = this.place.prefix.length
    let from: string | undefined
    do {
      const page = await this.#request(`listing ${prefix || 'models'}`, signal, (ask) =>
        this.cloud.list(this.#at(prefix), from, ask),
      )
      for (const { key, ...found } of page.objects) yield info(key.slice(skip), found)
      from = page.next
    } while (from)
  }

  #at(key: string): string {
    return this.place.prefix + key
  }

  /** For `catch`: undefined when the failure is of the expected kind. */
  #unless(isExpected: (failure: Failure, words: Words) => boolean): (error: unknown) => undefined {
    return (error) => {
      if (isExpected(this.cloud.failure(error), this.cloud.words)) return undefined
      throw error
    }
  }

  /** Runs one request until it succeeds or fails for good; turns failures into StoreErrors. */
  async #request<T>(
    doing: string,
    signal: AbortSignal | undefined,
    run: (ask: Ask) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted()
    const { cloud } = this
    const { retry } = this.place
    const patience = doing.startsWith('writing') ? cloud.uploadPatience : 1
    const policy = { ...retry, stallMs: retry.stallMs * patience }
    return retrying(policy, `${this.url}: ${doing}`, signal, async (trySignal, alive) => {
      const ask = { signal: trySignal, alive }
      try {
        return await run(ask).catch(async (error) => {
          const isNoContainer = cloud.failure(error).code === cloud.words.noContainer
          if (isNoContainer && (await cloud.makeContainer?.(trySignal))) return run(ask)
          throw error
        })
      } catch (error) {
        trySignal.throwIfAborted()
        throw this.#storeError(error, doing)
      }
    })
  }

  #storeError(error: unknown, doing: string) {
    const where: Place = { url: this.url, doing }
    return storeError(error, this.cloud.failure(error), this.cloud.words, where)
  }
}

function info(key: string, { bytes = 0, etag = '', modified = new Date(0), sha256 }: Found): ObjectInfo {
  return { key, bytes, etag, modified, ...(sha256 === undefined ? {} : { sha256 }) }
}

/** So that a browser and the cloud's portal show manifests and labels as what they are. */
function contentType(key: string): string {
  const types: Record<string, string> = {
    json: 'application/json',
    txt: 'text/plain; charset=utf-8',
    png: 'image/png',
  }
  return types[key.slice(key.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
}
