import { randomUUID } from 'node:crypto'
import type { TokenCredential } from '@azure/identity'
import type { BlockBlobClient, ContainerClient } from '@azure/storage-blob'
import { azureCode, azureError, azureStatus, isConditionNotMet } from './azure-errors.js'
import { collect, contentType, sendParts } from './parts.js'
import { type RetryPolicy, retrying, retryingStream, type Try } from './retry.js'
import type { Content, ModelStore, ObjectInfo, WriteCondition } from './store.js'

/** Where the container is and how to get in. */
export interface AzurePlace {
  /** As the user wrote it, for messages. */
  url: string
  /** `https://<account>.blob.core.windows.net` or the emulator's `http://127.0.0.1:<port>/devstoreaccount1`. */
  serviceUrl: string
  container: string
  /** Empty, or a path that ends in `/`: models lie below it. */
  prefix: string
  /** A key pair is for the emulator, and for who insists. */
  credential: (() => Promise<TokenCredential>) | { account: string; key: string }
  createContainer: boolean
  retry: RetryPolicy
  /** How `credential` was chosen, for reports. */
  auth?: string
}

/** Objects up to this many bytes go in one request, larger ones in blocks of this size. */
const BLOCK_BYTES = 4 << 20

/** The service's limit. */
const MAX_BLOCKS = 50_000

/** Models in an Azure Blob container. The SDK is loaded at the first request. */
export class AzureStore implements ModelStore {
  readonly url: string
  declare readonly auth?: string
  #connected: Promise<ContainerClient> | undefined

  constructor(private readonly place: AzurePlace) {
    this.url = place.url
    if (place.auth !== undefined) this.auth = place.auth
  }

  async head(key: string, signal?: AbortSignal): Promise<ObjectInfo | undefined> {
    return this.#request(`looking up ${key}`, signal, async (container, abortSignal) => {
      const found = await this.#blob(container, key).getProperties({ abortSignal }).catch(missing)
      if (!found) return undefined
      return info(key, found.contentLength, found.etag, found.lastModified, found.metadata)
    })
  }

  async read(key: string, signal?: AbortSignal) {
    return this.#request(`reading ${key}`, signal, async (container, abortSignal, alive) => {
      const options = { abortSignal, maxRetryRequests: 0 }
      const found = await this.#blob(container, key).download(0, undefined, options).catch(missing)
      if (!found) return undefined
      const chunks: Buffer[] = []
      for await (const chunk of found.readableStreamBody ?? []) {
        chunks.push(chunk as Buffer)
        alive()
      }
      const data = Buffer.concat(chunks)
      return { data, info: info(key, data.length, found.etag, found.lastModified, found.metadata) }
    })
  }

  readRange(key: string, start: number, end: number, signal?: AbortSignal) {
    const doing = `reading ${key}`
    const what = `${this.url}: ${doing}`
    return retryingStream(this.place.retry, what, start, end, signal, async (at, abortSignal) =>
      this.#chunks(doing, key, at, end, abortSignal),
    )
  }

  async *#chunks(doing: string, key: string, start: number, end: number, abortSignal: AbortSignal) {
    try {
      const blob = this.#blob(await this.#container(), key)
      const { readableStreamBody } = await blob.download(start, end - start, {
        abortSignal,
        maxRetryRequests: 0,
      })
      for await (const chunk of readableStreamBody ?? []) yield chunk as Buffer
    } catch (error) {
      abortSignal.throwIfAborted()
      // Asked for bytes behind its end: the reader counts what it gets and says what is wrong.
      if (azureStatus(error) === 416) return
      throw azureError(error, { url: this.url, doing })
    }
  }

  async write(key: string, content: Content, condition: WriteCondition, signal?: AbortSignal) {
    const doing = `writing ${key}`
    const isSmall = content.bytes <= BLOCK_BYTES
    const data = isSmall ? await collect(content) : Buffer.alloc(0)
    const blocks = isSmall ? [] : await this.#stageBlocks(doing, key, content, signal)
    return this.#request(doing, signal, async (container, abortSignal, alive) => {
      const blob = this.#blob(container, key)
      const options = {
        abortSignal,
        conditions: condition,
        metadata: { sha256: content.sha256 },
        blobHTTPHeaders: { blobContentType: contentType(key) },
        onProgress: alive,
      }
      try {
        const written = isSmall
          ? await blob.upload(data, content.bytes, options)
          : await blob.commitBlockList(blocks, options)
        return info(key, content.bytes, written.etag, written.lastModified, options.metadata)
      } catch (error) {
        if (isConditionNotMet(error)) return undefined
        // When somebody else commits the blob, the service throws away the blocks that we had staged for it.
        if (azureCode(error) === 'InvalidBlockList' && (await blob.exists({ abortSignal }))) return undefined
        throw error
      }
    })
  }

  /** Nobody sees the blocks until they are committed; left alone, the service drops them in a week. */
  async #stageBlocks(doing: string, key: string, content: Content, signal?: AbortSignal): Promise<string[]> {
    // Random, or two publishers of the same key at the same time would mix their blocks.
    const upload = randomUUID()
    const blockBytes = Math.max(BLOCK_BYTES, Math.ceil(content.bytes / MAX_BLOCKS))
    const send = async (part: Buffer, index: number, either: AbortSignal) => {
      const id = Buffer.from(`${upload}-${String(index).padStart(6, '0')}`).toString('base64')
      await this.#request(doing, either, (container, abortSignal, onProgress) =>
        this.#blob(container, key).stageBlock(id, part, part.length, { abortSignal, onProgress }),
      )
      return id
    }
    return sendParts(content, blockBytes, send, signal)
  }

  async delete(key: string, etag: string, signal?: AbortSignal): Promise<boolean> {
    return this.#request(`deleting ${key}`, signal, async (container, abortSignal) => {
      const conditions = { ifMatch: etag }
      try {
        await this.#blob(container, key).delete({ abortSignal, conditions, deleteSnapshots: 'include' })
        return true
      } catch (error) {
        if (isConditionNotMet(error)) return false
        throw error
      }
    })
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncIterable<ObjectInfo> {
    const skip = this.place.prefix.length
    let continuationToken = ''
    do {
      const page = await this.#request(
        `listing ${prefix || 'models'}`,
        signal,
        async (container, abortSignal) => {
          const options = { abortSignal, prefix: this.place.prefix + prefix, includeMetadata: true }
          const pages = container
            .listBlobsFlat(options)
            .byPage(continuationToken ? { continuationToken } : {})
          return (await pages.next()).value
        },
      )
      for (const { name, properties, metadata } of page?.segment.blobItems ?? []) {
        const { contentLength, etag, lastModified } = properties
        yield info(name.slice(skip), contentLength, etag, lastModified, metadata)
      }
      continuationToken = page?.continuationToken ?? ''
    } while (continuationToken)
  }

  #blob(container: ContainerClient, key: string): BlockBlobClient {
    return container.getBlockBlobClient(this.place.prefix + key)
  }

  /** Runs one request until it succeeds or fails for good; turns failures into StoreErrors. */
  async #request<T>(
    doing: string,
    signal: AbortSignal | undefined,
    run: (container: ContainerClient, ...rest: Parameters<Try<T>>) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted()
    return retrying(this.place.retry, `${this.url}: ${doing}`, signal, async (trySignal, alive) => {
      try {
        const container = await this.#container()
        try {
          return await run(container, trySignal, alive)
        } catch (error) {
          if (!this.place.createContainer || azureCode(error) !== 'ContainerNotFound') throw error
          await container.createIfNotExists({ abortSignal: trySignal })
          return await run(container, trySignal, alive)
        }
      } catch (error) {
        trySignal.throwIfAborted()
        throw azureError(error, { url: this.url, doing })
      }
    })
  }

  async #container(): Promise<ContainerClient> {
    this.#connected ??= this.#connect()
    return this.#connected
  }

  async #connect(): Promise<ContainerClient> {
    const { ContainerClient, StorageSharedKeyCredential } = await import('@azure/storage-blob')
    const { serviceUrl, container, credential } = this.place
    const url = `${serviceUrl}/${encodeURIComponent(container)}`
    // We retry ourselves, in the same way for every store.
    const options = { retryOptions: { maxTries: 1 } }
    if (typeof credential === 'function') return new ContainerClient(url, await credential(), options)
    return new ContainerClient(
      url,
      new StorageSharedKeyCredential(credential.account, credential.key),
      options,
    )
  }
}

/** For `catch`: undefined when the blob is not there; a missing container stays an error. */
function missing(error: unknown): undefined {
  if (azureStatus(error) === 404 && azureCode(error) !== 'ContainerNotFound') return undefined
  throw error
}

function info(
  key: string,
  bytes = 0,
  etag = '',
  modified = new Date(0),
  metadata: Record<string, string> = {},
): ObjectInfo {
  const { sha256 } = metadata
  return { key, bytes, etag, modified, ...(sha256 === undefined ? {} : { sha256 }) }
}
