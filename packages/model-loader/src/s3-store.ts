import type { S3Client } from '@aws-sdk/client-s3'
import { silenceAwsSdk } from './env.js'
import { collect, contentType, sendParts } from './parts.js'
import { type RetryPolicy, retrying, retryingStream, type Try } from './retry.js'
import { isMissing, isPreconditionFailed, s3Error, s3Status } from './s3-errors.js'
import type { Content, ModelStore, ObjectInfo, WriteCondition } from './store.js'

/** Where the bucket is. Who we are is found by the SDK's own chain: environment, profile, SSO, pod or machine role. */
export interface S3Place {
  /** As the user wrote it, for messages. */
  url: string
  bucket: string
  /** Empty, or a path that ends in `/`: models lie below it. */
  prefix: string
  /** Of another provider; default: AWS's own, or what AWS_ENDPOINT_URL_S3 says. */
  endpoint?: string | undefined
  /** `<endpoint>/<bucket>` instead of a host for each bucket. */
  pathStyle: boolean
  region?: string | undefined
  retry: RetryPolicy
}

/** The SDK module and a client, loaded at the first request. */
type Connection = { sdk: typeof import('@aws-sdk/client-s3'); client: S3Client }

/** The least that S3 takes as a part; objects up to this size go in one request. */
const PART_BYTES = 5 << 20
const MAX_PARTS = 10_000

/** The SDK tells nothing of how far an upload is, so a part may take this many times longer than a read may stall. */
const UPLOAD_PATIENCE = 5

/** Models in an S3 bucket, at AWS or a provider that knows conditional writes. */
export class S3Store implements ModelStore {
  readonly url: string
  readonly auth = 'aws'
  #connected: Promise<Connection> | undefined

  constructor(private readonly place: S3Place) {
    this.url = place.url
  }

  async head(key: string, signal?: AbortSignal): Promise<ObjectInfo | undefined> {
    return this.#request(`looking up ${key}`, signal, async ({ sdk, client }, abortSignal) => {
      const found = await client
        .send(new sdk.HeadObjectCommand(this.#at(key)), { abortSignal })
        .catch(missing)
      return found && info(key, found.ContentLength, found.ETag, found.LastModified, found.Metadata)
    })
  }

  async read(key: string, signal?: AbortSignal) {
    return this.#request(`reading ${key}`, signal, async ({ sdk, client }, abortSignal, alive) => {
      const found = await client.send(new sdk.GetObjectCommand(this.#at(key)), { abortSignal }).catch(missing)
      if (!found) return undefined
      const chunks: Buffer[] = []
      for await (const chunk of (found.Body ?? []) as AsyncIterable<Buffer>) {
        chunks.push(chunk)
        alive()
      }
      const data = Buffer.concat(chunks)
      return { data, info: info(key, data.length, found.ETag, found.LastModified, found.Metadata) }
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
      const { sdk, client } = await this.#connection()
      const request = new sdk.GetObjectCommand({ ...this.#at(key), Range: `bytes=${start}-${end - 1}` })
      const { Body } = await client.send(request, { abortSignal })
      for await (const chunk of (Body ?? []) as AsyncIterable<Buffer>) yield chunk
    } catch (error) {
      abortSignal.throwIfAborted()
      // Asked for bytes behind its end: the reader counts what it gets and says what is wrong.
      if (s3Status(error) === 416) return
      throw s3Error(error, { url: this.url, doing })
    }
  }

  async write(key: string, content: Content, condition: WriteCondition, signal?: AbortSignal) {
    const doing = `writing ${key}`
    const about = { Metadata: { sha256: content.sha256 }, ContentType: contentType(key) }
    const conditions =
      'ifMatch' in condition ? { IfMatch: condition.ifMatch } : { IfNoneMatch: condition.ifNoneMatch }
    if (content.bytes > PART_BYTES) {
      return this.#writeParts(doing, key, content, { about, conditions }, signal)
    }
    const Body = await collect(content)
    return this.#request(doing, signal, async ({ sdk, client }, abortSignal) => {
      const request = new sdk.PutObjectCommand({ ...this.#at(key), ...about, ...conditions, Body })
      const written = await client.send(request, { abortSignal }).catch(conditionNotMet)
      return written && info(key, content.bytes, written.ETag, new Date(), about.Metadata)
    })
  }

  /** Nobody sees the parts until the upload is completed; what a killed publisher left costs until a lifecycle rule. */
  async #writeParts(
    doing: string,
    key: string,
    content: Content,
    { about, conditions }: { about: { Metadata: Record<string, string> }; conditions: object },
    signal?: AbortSignal,
  ): Promise<ObjectInfo | undefined> {
    const { UploadId } = await this.#request(doing, signal, ({ sdk, client }, abortSignal) =>
      client.send(new sdk.CreateMultipartUploadCommand({ ...this.#at(key), ...about }), { abortSignal }),
    )
    const upload = { ...this.#at(key), UploadId }
    const partBytes = Math.max(PART_BYTES, Math.ceil(content.bytes / MAX_PARTS))
    let isDone = false
    try {
      const send = async (Body: Buffer, index: number, either: AbortSignal) => {
        const PartNumber = index + 1
        const { ETag } = await this.#request(doing, either, ({ sdk, client }, abortSignal) =>
          client.send(new sdk.UploadPartCommand({ ...upload, PartNumber, Body }), { abortSignal }),
        )
        return { PartNumber, ETag }
      }
      const MultipartUpload = { Parts: await sendParts(content, partBytes, send, signal) }
      return await this.#request(doing, signal, async ({ sdk, client }, abortSignal) => {
        const request = new sdk.CompleteMultipartUploadCommand({ ...upload, ...conditions, MultipartUpload })
        const written = await client.send(request, { abortSignal }).catch(conditionNotMet)
        isDone = written !== undefined
        return written && info(key, content.bytes, written.ETag, new Date(), about.Metadata)
      })
    } finally {
      if (!isDone) {
        // Even when we were told to stop: nothing is to be left behind.
        const { sdk, client } = await this.#connection()
        await client.send(new sdk.AbortMultipartUploadCommand(upload)).catch(() => {})
      }
    }
  }

  async delete(key: string, etag: string, signal?: AbortSignal): Promise<boolean> {
    return this.#request(`deleting ${key}`, signal, async ({ sdk, client }, abortSignal) => {
      const request = new sdk.DeleteObjectCommand({ ...this.#at(key), IfMatch: etag })
      return (await client.send(request, { abortSignal }).catch(conditionNotMet)) !== undefined
    })
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncIterable<ObjectInfo> {
    const skip = this.place.prefix.length
    const Prefix = this.place.prefix + prefix
    let ContinuationToken: string | undefined
    do {
      const page = await this.#request(
        `listing ${prefix || 'models'}`,
        signal,
        ({ sdk, client }, abortSignal) => {
          const request = { Bucket: this.place.bucket, Prefix, ContinuationToken }
          return client.send(new sdk.ListObjectsV2Command(request), { abortSignal })
        },
      )
      for (const { Key = '', Size, ETag, LastModified } of page.Contents ?? []) {
        yield info(Key.slice(skip), Size, ETag, LastModified)
      }
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken)
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.place.bucket, Key: this.place.prefix + key }
  }

  /** Runs one request until it succeeds or fails for good; turns failures into StoreErrors. */
  async #request<T>(
    doing: string,
    signal: AbortSignal | undefined,
    run: (connection: Connection, ...rest: Parameters<Try<T>>) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted()
    const { retry } = this.place
    const policy = doing.startsWith('writing')
      ? { ...retry, stallMs: retry.stallMs * UPLOAD_PATIENCE }
      : retry
    return retrying(policy, `${this.url}: ${doing}`, signal, async (trySignal, alive) => {
      try {
        return await run(await this.#connection(), trySignal, alive)
      } catch (error) {
        trySignal.throwIfAborted()
        throw s3Error(error, { url: this.url, doing })
      }
    })
  }

  async #connection(): Promise<Connection> {
    this.#connected ??= this.#connect()
    return this.#connected
  }

  async #connect(): Promise<Connection> {
    silenceAwsSdk()
    const sdk = await import('@aws-sdk/client-s3')
    const { endpoint, pathStyle, region } = this.place
    const client = new sdk.S3Client({
      forcePathStyle: pathStyle,
      // We retry ourselves, in the same way for every store.
      maxAttempts: 1,
      // We check SHA-256 ourselves, and other providers stumble over AWS's newer checksums.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      ...(endpoint ? { endpoint } : {}),
      ...(region ? { region } : {}),
    })
    return { sdk, client }
  }
}

/** For `catch`: undefined when the object is not there. */
function missing(error: unknown): undefined {
  if (isMissing(error)) return undefined
  throw error
}

/** For `catch`: undefined when the condition did not hold; also when what was to be replaced is gone. */
function conditionNotMet(error: unknown): undefined {
  if (isPreconditionFailed(error) || isMissing(error)) return undefined
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
