import { connect, type Socket } from 'node:net'

/** The head of an answer. */
export interface RawAnswer {
  status: number
  hasRetryAfter: boolean
}

/**
 * Posts one prepared body over connections that are kept open. Node's own client would take a good part of the CPU that
 * the server needs, at hundreds of photos a second.
 */
export class RawClient {
  readonly #request: Buffer
  readonly #idle: Socket[] = []
  readonly #url: URL

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

  /** @returns once the whole answer is there. @throws Error when the connection ends before */
  post(): Promise<RawAnswer> {
    const socket =
      this.#idle.pop() ?? connect({ host: this.#url.hostname, port: Number(this.#url.port), noDelay: true })
    return new Promise((resolve, reject) => {
      let text = ''
      const end = () => {
        socket.removeAllListeners()
        socket.on('error', () => {})
      }
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1')
        const body = text.indexOf('\r\n\r\n') + 4
        if (body === 3) return
        const head = text.slice(0, body)
        const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1])
        if (text.length < body + length) return
        end()
        if (/^connection: *close/im.test(head)) socket.destroy()
        else this.#idle.push(socket)
        resolve({ status: Number(head.slice(9, 12)), hasRetryAfter: /^retry-after:/im.test(head) })
      })
      const fail = (error?: Error) => {
        end()
        socket.destroy()
        reject(error ?? new Error('the connection ended without an answer'))
      }
      socket.once('error', fail)
      socket.once('close', () => fail())
      socket.write(this.#request)
    })
  }

  close(): void {
    for (const socket of this.#idle) socket.destroy()
  }
}
