import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Files over HTTP on loopback, with ranges as a download mirror has them, and faults on request. */
export class FileServer {
  /** Path without the leading slash -> content. */
  readonly files = new Map<string, Buffer>()
  /** `GET path` or `GET path bytes=5-` of each request. */
  readonly requests: string[] = []
  /** Called first for each request; true when it has answered itself. */
  fault: (request: IncomingMessage, response: ServerResponse) => boolean = () => false
  ignoresRanges = false
  #server: Server | undefined
  #port = 0

  async start(): Promise<void> {
    this.#server = createServer((request, response) => this.#answer(request, response))
    await new Promise<void>((resolve) => this.#server?.listen(0, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections()
    await new Promise((resolve) => this.#server?.close(resolve))
  }

  reset(): void {
    this.files.clear()
    this.requests.length = 0
    this.fault = () => false
    this.ignoresRanges = false
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(request.url ?? '').slice(1)
    const range = request.headers.range
    this.requests.push(['GET', path, ...(range ? [range] : [])].join(' '))
    if (this.fault(request, response)) return
    const data = this.files.get(path)
    if (!data) {
      response.writeHead(404).end('not here')
      return
    }
    const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0)
    if (start === 0 || this.ignoresRanges) {
      response.writeHead(200, { 'content-length': data.length }).end(data)
    } else if (start >= data.length) {
      response.writeHead(416, { 'content-range': `bytes */${data.length}` }).end()
    } else {
      const rest = data.subarray(start)
      const headers = {
        'content-length': rest.length,
        'content-range': `bytes ${start}-${data.length - 1}/${data.length}`,
      }
      response.writeHead(206, headers).end(rest)
    }
  }
}
