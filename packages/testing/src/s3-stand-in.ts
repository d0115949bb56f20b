import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the SDK's credential chain finds in a test. */
export const S3_ENV = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' }

interface Stored {
  data: Buffer
  etag: string
  modified: Date
  headers: Record<string, string>
}

interface Upload {
  headers: Record<string, string>
  parts: Map<number, Buffer>
}

class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(code)
  }
}

const md5 = (data: Buffer) => createHash('md5').update(data).digest()
const escaped = (text: string) => text.replace(/[<>&"]/g, (char) => `&#${char.charCodeAt(0)};`)

/**
 * What of Amazon S3 the store uses, as its API reference has it: path style, conditional writes and deletes, ranges,
 * ListObjectsV2 in pages, multipart uploads. As there, equal bytes have equal ETags, a lost condition is a 412, and
 * replacing or deleting under a condition what is not there is a 404. Signatures are not checked, but must be there.
 */
export class S3StandIn {
  /** `GET /bucket/key bytes=0-5` of each request. */
  readonly requests: string[] = []
  pageSize = 1000
  readonly #buckets = new Map<string, Map<string, Stored>>()
  readonly #uploads = new Map<string, Upload>()
  #server: Server | undefined
  #port = 0

  async start(): Promise<void> {
    this.#server = createServer((request, response) => void this.#answer(request, response))
    await new Promise<void>((resolve) => this.#server?.listen(0, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections()
    await new Promise((resolve) => this.#server?.close(resolve))
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get unfinishedUploads(): number {
    return this.#uploads.size
  }

  makeBucket(bucket: string): void {
    this.#buckets.set(bucket, new Map())
  }

  put(bucket: string, key: string, data: Buffer, modified = new Date()): void {
    this.#bucket(bucket).set(key, { data, etag: `"${md5(data).toString('hex')}"`, modified, headers: {} })
  }

  remove(bucket: string, key: string): void {
    this.#bucket(bucket).delete(key)
  }

  #bucket(name: string): Map<string, Stored> {
    const found = this.#buckets.get(name)
    if (!found) throw new Refusal(404, 'NoSuchBucket')
    return found
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests.push([request.method, request.url, request.headers.range ?? ''].join(' ').trim())
    try {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      if (!/Credential=test\//.test(request.headers.authorization ?? ''))
        throw new Refusal(403, 'AccessDenied')
      const url = new URL(request.url ?? '', this.url)
      const [, bucket = '', key = ''] = /^\/([^/]+)\/?(.*)$/.exec(decodeURIComponent(url.pathname)) ?? []
      this.#route(request, response, url.searchParams, this.#bucket(bucket), key, Buffer.concat(chunks))
    } catch (error) {
      if (!(error instanceof Refusal)) {
        response.destroy()
        return
      }
      const body = `<?xml version="1.0"?><Error><Code>${error.code}</Code><Message>No.</Message></Error>`
      response.writeHead(error.status, { 'content-type': 'application/xml' })
      response.end(request.method === 'HEAD' ? undefined : body)
    }
  }

  #route(
    request: IncomingMessage,
    response: ServerResponse,
    query: URLSearchParams,
    bucket: Map<string, Stored>,
    key: string,
    body: Buffer,
  ): unknown {
    const xml = (text: string) => response.writeHead(200, { 'content-type': 'application/xml' }).end(text)
    const { method = '' } = request
    const upload = this.#uploads.get(query.get('uploadId') ?? '')
    if (query.has('uploadId') && !upload) throw new Refusal(404, 'NoSuchUpload')
    if (key === '' && query.get('list-type') === '2') return xml(this.#list(bucket, query))
    if (method === 'GET' || method === 'HEAD') return this.#read(request, response, bucket.get(key))
    if (method === 'POST' && query.has('uploads')) {
      const id = randomUUID()
      this.#uploads.set(id, { headers: metadata(request), parts: new Map() })
      return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`)
    }
    if (method === 'PUT' && upload) {
      upload.parts.set(Number(query.get('partNumber')), body)
      return response.writeHead(200, { etag: `"${md5(body).toString('hex')}"` }).end()
    }
    if (method === 'DELETE' && upload) {
      this.#uploads.delete(query.get('uploadId') ?? '')
      return response.writeHead(204).end()
    }
    check(request, bucket.get(key))
    if (method === 'DELETE') {
      bucket.delete(key)
      return response.writeHead(204).end()
    }
    if (method === 'POST' && upload) {
      const order = [...body.toString().matchAll(/<PartNumber>(\d+)</g)].map(([, number]) => Number(number))
      if (order.length !== upload.parts.size) throw new Refusal(400, 'InvalidPart')
      const parts = order.map((number) => upload.parts.get(number) ?? Buffer.alloc(0))
      const etag = `"${md5(Buffer.concat(parts.map(md5))).toString('hex')}-${parts.length}"`
      bucket.set(key, { data: Buffer.concat(parts), etag, modified: new Date(), headers: upload.headers })
      this.#uploads.delete(query.get('uploadId') ?? '')
      return xml(
        `<CompleteMultipartUploadResult><ETag>${escaped(etag)}</ETag></CompleteMultipartUploadResult>`,
      )
    }
    if (method !== 'PUT') throw new Refusal(501, 'NotImplemented')
    const etag = `"${md5(body).toString('hex')}"`
    bucket.set(key, { data: body, etag, modified: new Date(), headers: metadata(request) })
    return response.writeHead(200, { etag }).end()
  }

  #read(request: IncomingMessage, response: ServerResponse, found: Stored | undefined): void {
    if (!found) throw new Refusal(404, 'NoSuchKey')
    const { data, etag, modified } = found
    const headers = {
      ...found.headers,
      etag,
      'last-modified': modified.toUTCString(),
      'accept-ranges': 'bytes',
    }
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
    if (range && Number(range[1]) >= data.length) throw new Refusal(416, 'InvalidRange')
    const part = range ? data.subarray(Number(range[1]), Number(range[2]) + 1) : data
    const contentRange = `bytes ${range?.[1]}-${Number(range?.[1]) + part.length - 1}/${data.length}`
    response.writeHead(range ? 206 : 200, {
      ...headers,
      'content-length': part.length,
      ...(range ? { 'content-range': contentRange } : {}),
    })
    response.end(request.method === 'HEAD' ? undefined : part)
  }

  #list(bucket: Map<string, Stored>, query: URLSearchParams): string {
    const after = query.get('continuation-token') ?? ''
    const prefix = query.get('prefix') ?? ''
    const keys = [...bucket.keys()].filter((key) => key.startsWith(prefix) && key > after).sort()
    const page = keys.slice(0, this.pageSize)
    const contents = page.map((key) => {
      const { data, etag, modified } = bucket.get(key) as Stored
      return (
        `<Contents><Key>${escaped(key)}</Key><Size>${data.length}</Size><ETag>${escaped(etag)}</ETag>` +
        `<LastModified>${modified.toISOString()}</LastModified></Contents>`
      )
    })
    const isTruncated = keys.length > page.length
    const next = isTruncated
      ? `<NextContinuationToken>${escaped(page.at(-1) ?? '')}</NextContinuationToken>`
      : ''
    return (
      `<?xml version="1.0"?><ListBucketResult><IsTruncated>${isTruncated}</IsTruncated>${next}` +
      `${contents.join('')}</ListBucketResult>`
    )
  }
}

function metadata(request: IncomingMessage): Record<string, string> {
  const kept = Object.entries(request.headers).filter(([name]) => /^(x-amz-meta-.*|content-type)$/.test(name))
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]))
}

function check(request: IncomingMessage, found: Stored | undefined): void {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = request.headers
  if (ifNoneMatch === '*' && found) throw new Refusal(412, 'PreconditionFailed')
  if (ifMatch === undefined) return
  if (!found) throw new Refusal(404, 'NoSuchKey')
  if (found.etag !== ifMatch) throw new Refusal(412, 'PreconditionFailed')
}
