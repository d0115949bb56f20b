import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export interface LoadOptions {
  /** The Service's address. */
  url: string
  /** An image that every version of the model knows. */
  image: { path: string; label: string }
  clients?: number
}

/** Counts since the start; a reader takes the difference of two. */
export interface Counts {
  sent: number
  failed: number
  /** Answers of GET /version by the model's version. */
  versions: Record<string, number>
}

const CLIENTS = 4
const PAUSE_MS = 20
const TIMEOUT_MS = 10_000
const PATIENCE_MS = 60_000
/** Every so many requests one asks who answers. */
const VERSION_EVERY = 4
const KEPT_ERRORS = 20

/**
 * Sends requests until it is stopped, each on a connection of its own, so that the Service spreads them over the pods
 * anew each time. Nothing is sent twice: a request whose answer is not right and complete has failed.
 */
export class Load {
  readonly counts: Counts = { sent: 0, failed: 0, versions: {} }
  /** What the first failed requests met. */
  readonly errors: string[] = []
  readonly #options: LoadOptions
  readonly #body: string
  readonly #clients: Promise<void>[]
  #isStopping = false

  constructor(options: LoadOptions) {
    this.#options = options
    const image = readFileSync(options.image.path).toString('base64')
    // As the original's clients send it: a JSON string that holds an array.
    this.#body = JSON.stringify({ input: JSON.stringify([image]) })
    this.#clients = Array.from({ length: options.clients ?? CLIENTS }, () => this.#send())
  }

  /** A copy of the counts as they are now. */
  read(): Counts {
    return { ...this.counts, versions: { ...this.counts.versions } }
  }

  /**
   * Resolves when so many more requests have been answered without one failing in between.
   * @throws Error when that does not come about
   */
  async untilGood(requests: number, signal: AbortSignal): Promise<void> {
    let { sent, failed } = this.counts
    const giveUp = Date.now() + PATIENCE_MS
    while (this.counts.sent - sent < requests) {
      if (Date.now() > giveUp) throw new Error(`requests go on failing: ${this.errors.at(-1)}`)
      await sleep(PAUSE_MS, undefined, { signal })
      if (this.counts.failed > failed) ({ sent, failed } = this.counts)
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await Promise.all(this.#clients)
  }

  async #send(): Promise<void> {
    while (!this.#isStopping) {
      const asksVersion = this.counts.sent % VERSION_EVERY === 0
      this.counts.sent++
      await (asksVersion ? this.#version() : this.#score()).catch((error: Error) => {
        this.counts.failed++
        if (this.errors.length < KEPT_ERRORS) {
          this.errors.push(
            `${new Date().toISOString()} ${asksVersion ? '/version' : '/score'}: ${error.message}`,
          )
        }
      })
      await sleep(PAUSE_MS)
    }
  }

  async #version(): Promise<void> {
    const { version } = JSON.parse(await this.#ask('/version')).model
    this.counts.versions[version] = (this.counts.versions[version] ?? 0) + 1
  }

  async #score(): Promise<void> {
    const answer = await this.#ask('/score', this.#body)
    const label = JSON.parse(answer).result?.[0]?.[0]?.[0]?.[0]
    if (label !== this.#options.image.label) throw new Error(`wrong answer: ${answer.slice(0, 200)}`)
  }

  #ask(path: string, body?: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST'
      const headers = { 'content-type': 'application/json', connection: 'close' }
      const asked = request(`${this.#options.url}${path}`, { method, headers, agent: false }, (response) => {
        let text = ''
        response.on('data', (chunk) => {
          text += chunk
        })
        response.once('error', reject)
        response.once('end', () => {
          if (response.statusCode === 200 && response.complete) resolve(text)
          else reject(new Error(`status ${response.statusCode}: ${text.slice(0, 200)}`))
        })
      })
      const timer = setTimeout(() => asked.destroy(new Error('no answer in time')), TIMEOUT_MS)
      asked.once('close', () => clearTimeout(timer))
      asked.once('error', reject)
      asked.end(body)
    })
  }
}
