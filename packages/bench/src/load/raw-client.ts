import { connect, type Socket } from 'node:net'

/** The head of an answer. */
export interface RawAnswer {
  status: number
  hasRetryAfter: boolean
}

/** Told once for each request; undefined when the connection ended without a whole answer. */
type OnAnswer = (answer: RawAnswer | undefined) => void

/**
 * Posts one prepared body over connections that are kept open. Node's own client would take a good part of the CPU that
 * the server needs, at hundreds of photos a second; so would a promise and a stream's events for each.
 */
export class RawClient {
  readonly #url: URL
  readonly #request: Buffer
  readonly #idle: Connection[] = []
  /** For all connections: each chunk is read at once. */
  readonly #buffer = Buffer.allocUnsafe(64 * 1024)

  constructor(url: string, body: Buffer) {
    this.#url = new URL(url)
    const head = [
      `POST ${this.#url.pathname} HTTP/1.1`,
      `Host: ${this.#url.host}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    ]
    this.#request = Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body])
  }

  post(onAnswer: OnAnswer): void {
    const connection = this.#idle.pop() ?? new Connection(this.#url, this.#buffer, this.#idle)
    connection.send(this.#request, onAnswer)
  }

  close(): void {
    for (const connection of this.#idle) connection.close()
  }
}

class Connection {
  readonly #socket: Socket
  #text = ''
  #onAnswer: OnAnswer | undefined

  /** @param idle where it puts itself after an answer */
  constructor(
    url: URL,
    buffer: Buffer,
    private readonly idle: Connection[],
  ) {
    const callback = (length: number) => {
      this.#read(buffer.toString('latin1', 0, length))
      return true
    }
    const onread = { buffer, callback }
    this.#socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true, onread })
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => this.#closed())
  }

  send(request: Buffer, onAnswer: OnAnswer): void {
    this.#onAnswer = onAnswer
    this.#socket.write(request)
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(chunk: string): void {
    this.#text += chunk
    const body = this.#text.indexOf('\r\n\r\n') + 4
    if (body === 3) return
    const head = this.#text.slice(0, body)
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1])
    if (this.#text.length < body + length) return
    this.#text = ''
    if (/^connection: *close/im.test(head)) this.close()
    else this.idle.push(this)
    this.#answer({ status: Number(head.slice(9, 12)), hasRetryAfter: /^retry-after:/im.test(head) })
  }

  #closed(): void {
    const at = this.idle.indexOf(this)
    if (at !== -1) this.idle.splice(at, 1)
    this.#answer(undefined)
  }

  #answer(answer: RawAnswer | undefined): void {
    const onAnswer = this.#onAnswer
    this.#onAnswer = undefined
    onAnswer?.(answer)
  }
}
