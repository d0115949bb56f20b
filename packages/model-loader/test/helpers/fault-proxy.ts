import {
  type ClientRequest,
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  request as send,
} from 'node:http'
import type { AddressInfo } from 'node:net'

/** What goes wrong with one request. Byte counts are of the answer's body, unless said otherwise. */
export type Fault =
  | { kind: 'status'; status: number; retryAfter?: string }
  /** Before the store sees the request, or, the worst case, after it has done it. */
  | { kind: 'lost'; what: 'request' | 'answer' }
  | { kind: 'reset' | 'stall' | 'corrupt'; at: number }
  /** The connection breaks after so many bytes of the request's body; the store sees a broken request too. */
  | { kind: 'cut'; at: number }
  /** The answer ends early; its Content-Length says so or not. */
  | { kind: 'truncate'; at: number; rightLength: boolean }

/** Stands between client and store on loopback and spoils what it is told to. */
export class FaultProxy {
  /** Asked for each request; undefined leaves it alone. `index` counts from 0. */
  fault: (request: IncomingMessage, index: number) => Fault | undefined = () => undefined
  count = 0
  #server: Server | undefined
  #port = 0

  constructor(private readonly targetPort: number) {}

  async start(): Promise<void> {
    this.#server = createServer((request, response) => this.#forward(request, response))
    await new Promise<void>((resolve) => this.#server?.listen(0, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  get port(): number {
    return this.#port
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections()
    await new Promise((resolve) => this.#server?.close(resolve))
  }

  reset(): void {
    this.fault = () => undefined
    this.count = 0
  }

  #forward(request: IncomingMessage, response: ServerResponse): void {
    const fault = this.fault(request, this.count++)
    if (fault?.kind === 'lost' && fault.what === 'request') return void request.socket.destroy()
    if (fault?.kind === 'status') {
      request.resume()
      const headers = fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter }
      return void response.writeHead(fault.status, headers).end()
    }
    const { method, url: path, headers } = request
    const forwarded = send({ host: '127.0.0.1', port: this.targetPort, method, path, headers }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk) => chunks.push(chunk))
      answer.on('end', () => {
        this.#answer(answer, Buffer.concat(chunks), response, fault)
      })
      answer.on('error', () => response.destroy())
    })
    forwarded.on('error', () => response.destroy())
    if (fault?.kind === 'cut') return void cutOff(request, forwarded, fault.at)
    request.pipe(forwarded)
  }

  #answer(answer: IncomingMessage, body: Buffer, response: ServerResponse, wanted: Fault | undefined): void {
    const { statusCode = 500, headers } = answer
    if (response.destroyed) return
    // A request without a body cannot be cut.
    const fault = wanted?.kind === 'cut' ? undefined : wanted
    if (fault?.kind === 'lost') return void response.destroy()
    const at = fault && 'at' in fault ? Math.min(fault.at, Math.max(0, body.length - 1)) : body.length
    const data = Buffer.from(body)
    if (fault?.kind === 'corrupt' && data.length > 0) data[at] = (data[at] ?? 0) ^ 1
    if (fault?.kind === 'truncate' && fault.rightLength && headers['content-length']) {
      headers['content-length'] = String(at)
    }
    response.writeHead(statusCode, headers)
    const whole = fault === undefined || fault.kind === 'corrupt'
    const part = whole ? data : data.subarray(0, at)
    if (whole || (fault.kind === 'truncate' && fault.rightLength)) {
      response.end(part)
      return
    }
    response.flushHeaders()
    response.write(part, () => {
      if (fault.kind !== 'stall') setTimeout(() => response.destroy(), 5)
    })
  }
}

/** Passes on the first `at` bytes of a request's body, or all of a shorter one but its last byte, and breaks off. */
function cutOff(request: IncomingMessage, forwarded: ClientRequest, at: number): void {
  const end = Math.min(at, Number(request.headers['content-length'] ?? 0) - 1)
  if (end < 0) return void request.pipe(forwarded)
  let sent = 0
  request.on('data', (chunk: Buffer) => {
    const part = chunk.subarray(0, end - sent)
    sent += part.length
    forwarded.write(part)
    if (sent < end) return
    forwarded.destroy()
    request.socket.destroy()
  })
}
