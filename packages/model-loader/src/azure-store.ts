import type { TokenCredential } from '@azure/identity'
import type { BlockBlobClient, ContainerClient } from '@azure/storage-blob'
import { stageBlocks } from './azure-blocks.js'
import { azureCode, azureError, azureStatus, isConditionNotMet } from './azure-errors.js'
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
  /** A key pair is for the emulator only. */
  credential: (() => Promise<TokenCredential>) | { account: string; key: string }
  createContainer: boolean
}

/** Objects up to this many bytes go in one request, larger ones in blocks of this size. */
const BLOCK_BYTES = 4 << 20

/** Tries of one request; the waits between them grow from 0.2 to 3 s. */
const RETRY = { maxTries: 4, retryDelayInMs: 200, maxRetryDelayInMs: 3_000 }

/** How often a download that breaks off goes on from where it was. */
const DOWNLOAD_RESUMES = 3

/** Models in an Azure Blob container. The SDK is loaded at the first request. */
export class AzureStore implements ModelStore {
  readonly url: string
  #connected: Promise<ContainerClient> | undefined

  constructor(private readonly place: AzurePlace) {
    this.url = place.url
  }

  async head(key: string, signal?: AbortSignal): Promise<ObjectInfo | undefined> {
    return this.#request(`looking up ${key}`, signal, async (container) => {
      const found = await this.#blob(container, key).getProperties(abortable(signal)).catch(missing)
      if (!found) return undefined
      return info(key, found.contentLength, found.etag, found.lastModified, found.metadata)
    })
  }

  async read(key: string, signal?: AbortSignal) {
    return this.#request(`reading ${key}`, signal, async (container) => {
      const options = { ...abortable(signal), maxRetryRequests: DOWNLOAD_RESUMES }
      const found = await this.#blob(container, key).download(0, undefined, options).catch(missing)
      if (!found) return undefined
      const chunks: Buffer[] = []
      for await (const chunk of found.readableStreamBody ?? []) chunks.push(chunk as Buffer)
      const data = Buffer.concat(chunks)
      return { data, info: info(key, data.length, found.etag, found.lastModified, found.metadata) }
    })
  }

  async *readRange(key: string, start: number, end: number, signal?: AbortSignal) {
    const doing = `reading ${key}`
    try {
      const body = await this.#request(doing, signal, async (container) => {
        const options = { ...abortable(signal), maxRetryRequests: DOWNLOAD_RESUMES }
        const response = await this.#blob(container, key).download(start, end - start, options)
        return response.readableStreamBody
      })
      for await (const chunk of body ?? []) yield chunk as Buffer
    } catch (error) {
      signal?.throwIfAborted()
      // Asked for bytes behind its end: the reader counts what it gets and says what is wrong.
      if (azureStatus((error as Error).cause) === 416) return
      throw azureError(error, { url: this.url, doing })
    }
  }

  async write(key: string, content: Content, condition: WriteCondition, signal?: AbortSignal) {
    return this.#request(`writing ${key}`, signal, async (container) => {
      const blob = this.#blob(container, key)
      const options = {
        ...abortable(signal),
        conditions: condition,
        metadata: { sha256: content.sha256 },
        blobHTTPHeaders: { blobContentType: contentType(key) },
      }
      try {
        const written =
          content.bytes <= BLOCK_BYTES
            ? await blob.upload(await collect(content), content.bytes, options)
            : await blob.commitBlockList(await stageBlocks(blob, content, BLOCK_BYTES, signal), options)
        return info(key, content.bytes, written.etag, written.lastModified, options.metadata)
      } catch (error) {
        if (isConditionNotMet(error)) return undefined
        // When somebody else commits the blob, the service throws away the blocks that we had staged for it.
        if (azureCode(error) === 'InvalidBlockList' && (await blob.exists(abortable(signal))))
          return undefined
        throw error
      }
    })
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncIterable<ObjectInfo> {
    const skip = this.place.prefix.length
    const options = { ...abortable(signal), prefix: this.place.prefix + prefix, includeMetadata: true }
    let continuationToken = ''
    do {
      const page = await this.#request(`listing ${prefix || 'models'}`, signal, async (container) => {
        const pages = container.listBlobsFlat(options).byPage(continuationToken ? { continuationToken } : {})
        return (await pages.next()).value
      })
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

  /** Runs one request, makes the emulator's container where it is missing, and turns failures into StoreErrors. */
  async #request<T>(
    doing: string,
    signal: AbortSignal | undefined,
    run: (container: ContainerClient) => Promise<T>,
  ): Promise<T> {
    try {
      signal?.throwIfAborted()
      this.#connected ??= this.#connect()
      const container = await this.#connected
      try {
        return await run(container)
      } catch (error) {
        if (!this.place.createContainer || azureCode(error) !== 'ContainerNotFound') throw error
        await container.createIfNotExists(abortable(signal))
        return await run(container)
      }
    } catch (error) {
      signal?.throwIfAborted()
      throw azureError(error, { url: this.url, doing })
    }
  }

  async #connect(): Promise<ContainerClient> {
    const { ContainerClient, StorageSharedKeyCredential } = await import('@azure/storage-blob')
    const { serviceUrl, container, credential } = this.place
    const url = `${serviceUrl}/${encodeURIComponent(container)}`
    const options = { retryOptions: RETRY }
    if (typeof credential === 'function') return new ContainerClient(url, await credential(), options)
    return new ContainerClient(
      url,
      new StorageSharedKeyCredential(credential.account, credential.key),
      options,
    )
  }
}

const abortable = (signal: AbortSignal | undefined) => (signal ? { abortSignal: signal } : {})

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

async function collect(content: Content): Promise<Buffer> {
  const data = Buffer.alloc(content.bytes)
  let length = 0
  for await (const chunk of content.open()) {
    data.set(chunk, length)
    length += chunk.length
  }
  return data
}

/** So that a browser and the portal show manifests and labels as what they are. */
function contentType(key: string): string {
  const types: Record<string, string> = {
    json: 'application/json',
    txt: 'text/plain; charset=utf-8',
    png: 'image/png',
  }
  return types[key.slice(key.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
}
