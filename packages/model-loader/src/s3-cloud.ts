import { createRequire } from 'node:module'
import type { S3Client } from '@aws-sdk/client-s3'
import type { Failure } from './cloud-errors.js'
import { type About, type Ask, type Cloud, type Found, found } from './cloud-store.js'
import { silenceAwsSdk } from './env.js'

/** Where the bucket is. Who we are is found by the SDK's own chain: environment, profile, SSO, pod or machine role. */
export interface S3Place {
  bucket: string
  /** Of another provider; default: AWS's own, or what AWS_ENDPOINT_URL_S3 says. */
  endpoint?: string | undefined
  /** `<endpoint>/<bucket>` instead of a host for each bucket. */
  pathStyle: boolean
  region?: string | undefined
}

/** The parts of the library's errors that are used here. */
interface S3Failure {
  name?: string
  message?: string
  code?: string
  $metadata?: { httpStatusCode?: number }
  $response?: { headers?: Record<string, string> }
}

type Sdk = typeof import('@aws-sdk/client-s3')

/** An S3 bucket, at AWS or a provider that knows conditional writes. The library is loaded at the first request. */
export class S3Cloud implements Cloud {
  readonly auth = 'aws'
  readonly words = {
    noContainer: 'NoSuchBucket',
    container: 'bucket',
    makeContainer: 'make it with `aws s3 mb`',
    signIn: 'Set AWS_PROFILE or sign in with `aws sso login`; in a pod or pipeline check its role.',
    roles:
      'Reading needs s3:GetObject and s3:ListBucket, publishing and promoting s3:PutObject too, pruning s3:DeleteObject.',
  }
  /** The least that S3 takes as a part. */
  readonly partBytes = 5 << 20
  readonly maxParts = 10_000
  readonly uploadPatience = 5
  #sdk: Sdk | undefined
  #client: S3Client | undefined

  constructor(private readonly place: S3Place) {}

  failure(error: unknown): Failure {
    const { name = '', message = String(error), code = name, $metadata, $response } = error as S3Failure
    const retryAfter = $response?.headers?.['retry-after']
    return { status: $metadata?.httpStatusCode, code, name, message, retryAfter }
  }

  async head(key: string, { signal: abortSignal }: Ask): Promise<Found> {
    const { sdk, client, at } = this.#request(key)
    const answer = await client.send(new sdk.HeadObjectCommand(at), { abortSignal })
    return found(answer.ContentLength, answer.ETag, answer.LastModified, answer.Metadata)
  }

  async get(key: string, start: number, end: number | undefined, { signal: abortSignal }: Ask) {
    const { sdk, client, at } = this.#request(key)
    const range = end === undefined ? {} : { Range: `bytes=${start}-${end - 1}` }
    const answer = await client.send(new sdk.GetObjectCommand({ ...at, ...range }), { abortSignal })
    const body = (answer.Body ?? []) as AsyncIterable<Buffer>
    return { body, found: found(undefined, answer.ETag, answer.LastModified, answer.Metadata) }
  }

  async put(key: string, Body: Buffer, about: About, { signal: abortSignal }: Ask): Promise<Found> {
    const { sdk, client, at } = this.#request(key)
    const request = { ...at, ...described(about), ...conditions(about), Body }
    return found(undefined, (await client.send(new sdk.PutObjectCommand(request), { abortSignal })).ETag)
  }

  async begin(key: string, about: About, { signal: abortSignal }: Ask): Promise<string> {
    const { sdk, client, at } = this.#request(key)
    const request = new sdk.CreateMultipartUploadCommand({ ...at, ...described(about) })
    return (await client.send(request, { abortSignal })).UploadId ?? ''
  }

  async part(
    key: string,
    UploadId: string,
    index: number,
    Body: Buffer,
    { signal: abortSignal }: Ask,
  ): Promise<string> {
    const { sdk, client, at } = this.#request(key)
    const request = new sdk.UploadPartCommand({ ...at, UploadId, PartNumber: index + 1, Body })
    return (await client.send(request, { abortSignal })).ETag ?? ''
  }

  async finish(
    key: string,
    UploadId: string,
    parts: string[],
    about: About,
    { signal: abortSignal }: Ask,
  ): Promise<Found> {
    const { sdk, client, at } = this.#request(key)
    const Parts = parts.map((ETag, index) => ({ ETag, PartNumber: index + 1 }))
    const request = { ...at, ...conditions(about), UploadId, MultipartUpload: { Parts } }
    return found(
      undefined,
      (await client.send(new sdk.CompleteMultipartUploadCommand(request), { abortSignal })).ETag,
    )
  }

  /** What a killed publisher left costs until a lifecycle rule removes it. */
  async abandon(key: string, UploadId: string): Promise<void> {
    const { sdk, client, at } = this.#request(key)
    await client.send(new sdk.AbortMultipartUploadCommand({ ...at, UploadId }))
  }

  async delete(key: string, IfMatch: string, { signal: abortSignal }: Ask): Promise<void> {
    const { sdk, client, at } = this.#request(key)
    await client.send(new sdk.DeleteObjectCommand({ ...at, IfMatch }), { abortSignal })
  }

  async list(Prefix: string, ContinuationToken: string | undefined, { signal: abortSignal }: Ask) {
    const { sdk, client } = this.#request(Prefix)
    const request = new sdk.ListObjectsV2Command({ Bucket: this.place.bucket, Prefix, ContinuationToken })
    const page = await client.send(request, { abortSignal })
    const objects = (page.Contents ?? []).map(({ Key = '', Size, ETag, LastModified }) => ({
      key: Key,
      ...found(Size, ETag, LastModified),
    }))
    return { objects, next: page.NextContinuationToken }
  }

  #request(Key: string): { sdk: Sdk; client: S3Client; at: { Bucket: string; Key: string } } {
    silenceAwsSdk()
    // `import` of its many files takes longer.
    this.#sdk ??= createRequire(import.meta.url)('@aws-sdk/client-s3') as Sdk
    const { bucket, endpoint, pathStyle, region } = this.place
    this.#client ??= new this.#sdk.S3Client({
      forcePathStyle: pathStyle,
      // We retry ourselves, in the same way for every store.
      maxAttempts: 1,
      // We check SHA-256 ourselves, and other providers stumble over AWS's newer checksums.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      ...(endpoint ? { endpoint } : {}),
      ...(region ? { region } : {}),
    })
    return { sdk: this.#sdk, client: this.#client, at: { Bucket: bucket, Key } }
  }
}

const described = ({ sha256, contentType }: About) => ({ Metadata: { sha256 }, ContentType: contentType })

const conditions = ({ condition }: About) =>
  'ifMatch' in condition ? { IfMatch: condition.ifMatch } : { IfNoneMatch: condition.ifNoneMatch }
