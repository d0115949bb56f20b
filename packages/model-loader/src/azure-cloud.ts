import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import type { TokenCredential } from '@azure/identity'
import type {
  BlockBlobClient,
  ContainerClient,
  ContainerListBlobFlatSegmentResponse,
} from '@azure/storage-blob'
import type { Failure } from './cloud-errors.js'
import { type About, type Ask, type Cloud, type Found, found } from './cloud-store.js'

/** Where the container is and how to get in. */
export interface AzurePlace {
  /** `https://<account>.blob.core.windows.net` or the emulator's `http://127.0.0.1:<port>/devstoreaccount1`. */
  serviceUrl: string
  container: string
  /** A key pair is for the emulator, and for who insists. */
  credential: (() => Promise<TokenCredential>) | { account: string; key: string }
  /** For the emulator: make the container when it is not there. */
  createContainer?: boolean
  /** How `credential` was chosen, for reports. */
  auth?: string
}

/** The parts of the library's errors that are used here. */
interface AzureFailure {
  name?: string
  message?: string
  code?: string
  statusCode?: number
  details?: { errorCode?: string }
  response?: { headers?: { get(name: string): string | undefined } }
}

/** An Azure Blob container. The library is loaded at the first request. */
export class AzureCloud implements Cloud {
  readonly words = {
    noContainer: 'ContainerNotFound',
    container: 'container',
    makeContainer: 'make it with `az storage container create --auth-mode login`',
    signIn: 'On a laptop run `az login`; in a pipeline or pod check its identity.',
    roles:
      'Reading needs the role Storage Blob Data Reader on the container, publishing and promoting Storage Blob Data ' +
      "Contributor; the account's firewall must let this machine in.",
  }
  readonly partBytes = 4 << 20
  readonly maxParts = 50_000
  readonly uploadPatience = 1
  declare readonly auth?: string
  #container: Promise<ContainerClient> | undefined

  constructor(private readonly place: AzurePlace) {
    if (place.auth !== undefined) this.auth = place.auth
  }

  failure(error: unknown): Failure {
    const { name, message = String(error), code, statusCode, details, response } = error as AzureFailure
    const retryAfter = response?.headers?.get('retry-after')
    return { status: statusCode, code: details?.errorCode ?? code ?? '', name, message, retryAfter }
  }

  async makeContainer(abortSignal: AbortSignal): Promise<boolean> {
    if (!this.place.createContainer) return false
    await (await this.#connection()).createIfNotExists({ abortSignal })
    return true
  }

  async head(key: string, { signal: abortSignal }: Ask): Promise<Found> {
    const answer = await (await this.#blob(key)).getProperties({ abortSignal })
    return found(answer.contentLength, answer.etag, answer.lastModified, answer.metadata)
  }

  async get(key: string, start: number, end: number | undefined, { signal: abortSignal }: Ask) {
    const blob = await this.#blob(key)
    const options = { abortSignal, maxRetryRequests: 0 }
    const answer = await blob.download(start, end === undefined ? end : end - start, options)
    const body = (answer.readableStreamBody ?? []) as AsyncIterable<Buffer>
    return { body, found: found(undefined, answer.etag, answer.lastModified, answer.metadata) }
  }

  async put(key: string, data: Buffer, about: About, ask: Ask): Promise<Found> {
    const { etag, lastModified } = await (await this.#blob(key)).upload(
      data,
      data.length,
      options(about, ask),
    )
    return found(undefined, etag, lastModified)
  }

  /** Random, or two publishers of the same key at the same time would mix their blocks. */
  async begin(): Promise<string> {
    return randomUUID()
  }

  /** Left alone, the service drops blocks in a week. */
  async part(
    key: string,
    upload: string,
    index: number,
    data: Buffer,
    { signal, alive }: Ask,
  ): Promise<string> {
    const id = Buffer.from(`${upload}-${String(index).padStart(6, '0')}`).toString('base64')
    const watched = { abortSignal: signal, onProgress: alive }
    await (await this.#blob(key)).stageBlock(id, data, data.length, watched)
    return id
  }

  async finish(
    key: string,
    _upload: string,
    parts: string[],
    about: About,
    ask: Ask,
  ): Promise<Found | undefined> {
    const blob = await this.#blob(key)
    try {
      const { etag, lastModified } = await blob.commitBlockList(parts, options(about, ask))
      return found(undefined, etag, lastModified)
    } catch (error) {
      // When somebody else commits the blob, the service throws away the blocks that we had staged for it.
      const isLost = this.failure(error).code === 'InvalidBlockList'
      if (isLost && (await blob.exists({ abortSignal: ask.signal }))) return undefined
      throw error
    }
  }

  async delete(key: string, ifMatch: string, { signal: abortSignal }: Ask): Promise<void> {
    const blob = await this.#blob(key)
    await blob.delete({ abortSignal, conditions: { ifMatch }, deleteSnapshots: 'include' })
  }

  async list(prefix: string, from: string | undefined, { signal: abortSignal }: Ask) {
    const container = await this.#connection()
    const all = container.listBlobsFlat({ abortSignal, prefix, includeMetadata: true })
    const pages = all.byPage(from ? { continuationToken: from } : {})
    const page: ContainerListBlobFlatSegmentResponse | undefined = (await pages.next()).value
    const objects = (page?.segment.blobItems ?? []).map(
      ({ name, properties: { contentLength, etag, lastModified }, metadata }) => ({
        key: name,
        ...found(contentLength, etag, lastModified, metadata),
      }),
    )
    return { objects, next: page?.continuationToken }
  }

  async #blob(key: string): Promise<BlockBlobClient> {
    return (await this.#connection()).getBlockBlobClient(key)
  }

  async #connection(): Promise<ContainerClient> {
    this.#container ??= this.#connect()
    return this.#container
  }

  async #connect(): Promise<ContainerClient> {
    // `import` of its hundreds of files takes longer.
    const sdk = createRequire(import.meta.url)('@azure/storage-blob') as typeof import('@azure/storage-blob')
    const { serviceUrl, container, credential } = this.place
    const url = `${serviceUrl}/${encodeURIComponent(container)}`
    // We retry ourselves, in the same way for every store.
    const retryOptions = { maxTries: 1 }
    const signIn =
      typeof credential === 'function'
        ? await credential()
        : new sdk.StorageSharedKeyCredential(credential.account, credential.key)
    return new sdk.ContainerClient(url, signIn, { retryOptions })
  }
}

function options({ sha256, contentType, condition }: About, { signal, alive }: Ask) {
  return {
    abortSignal: signal,
    conditions: condition,
    metadata: { sha256 },
    blobHTTPHeaders: { blobContentType: contentType },
    onProgress: alive,
  }
}
