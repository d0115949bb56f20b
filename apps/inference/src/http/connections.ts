import type { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { HttpError } from './problem.js'

/** A connection without any request gets so long, in milliseconds, before it counts as idle: its first may be on its way. */
const FIRST_REQUEST_MS = 1_000

/** The event by which a request learns, with an HttpError, that the rest of its body will not come. */
export const GIVEN_UP = 'given up'

/** A server's open connections, and what is under way on each: Node.js does not tell. */
export class Connections {
  readonly #open = new Map<Socket, Connection>()

  get size(): number {
    return this.#open.size
  }

  add(socket: Socket): void {
    const connection = new Connection(socket)
    this.#open.set(socket, connection)
    socket.once('close', () => {
      this.#open.delete(socket)
      connection.closed()
    })
  }

  of(socket: Socket): Connection | undefined {
    return this.#open.get(socket)
  }

  /** Closes those on which nothing is under way: silent ones, idle ones, and those with a part of a header. */
  closeIdle(): void {
    for (const connection of this.#open.values()) if (connection.idle) connection.socket.destroy()
  }

  /** Closes all but those whose request has come as a whole and is being answered. @returns how many were closed */
  closeUnowed(): number {
    const unowed = [...this.#open.values()].filter((connection) => !connection.owed)
    for (const { socket } of unowed)
      socket.destroy(new HttpError('stopped', 'the time to finish requests is over'))
    return unowed.length
  }
}

/** One client's connection. */
export class Connection {
  /**
   * The latest, and before it those not yet given: there are such where a client does not wait for an answer before its
   * next request. To take each out as it closes would take a listener for each request.
   */
  #answers: ServerResponse[] = []
  /** The latest, and so the only one whose body may still be coming. */
  #request: IncomingMessage | undefined
  readonly #since = performance.now()
  #broken = false
  #overdue = false
  #closing = false

  constructor(readonly socket: Socket) {
    // What Node.js calls after a connection's last answer.
    socket.destroySoon = () => this.#closeAfterAnswer()
  }

  began(request: IncomingMessage, answer: ServerResponse): void {
    this.#request = request
    this.#answers = this.answering ? [...this.#answers.filter(isOpen), answer] : [answer]
  }

  get answering(): boolean {
    return this.#answers.some(isOpen)
  }

  /** Whether a request's header has come and its body has not yet. */
  get uploading(): boolean {
    return this.#request !== undefined && !this.#request.complete
  }

  get used(): boolean {
    return this.answering || this.uploading
  }

  get idle(): boolean {
    const isNew = this.#request === undefined && performance.now() - this.#since < FIRST_REQUEST_MS
    return !(this.used || isNew)
  }

  /** Whether an answer has not begun though its request is complete. */
  get owed(): boolean {
    return this.#answers.some((answer) => answer.req.complete && !answer.headersSent)
  }

  /** Whether what still comes is dropped. */
  get deaf(): boolean {
    return this.#closing || this.#broken
  }

  /** Nothing that comes from now on can be read as HTTP. */
  broke(): void {
    this.#broken = true
  }

  /** The client took too long, and gets no more time. */
  ranOver(): void {
    this.#overdue = true
  }

  /** Has the request whose body was to come answered with an error. @returns whether there was one to be answered */
  giveUp(error: HttpError): boolean {
    return this.uploading && (this.#request?.emit(GIVEN_UP, error) ?? false)
  }

  /** Node.js tells only the answer whose turn it was. The others would count as in flight, and hold files, for ever. */
  closed(): void {
    for (const answer of this.#answers) {
      if (answer.socket || !isOpen(answer)) continue
      // What on-finished waits for, by which Express lets go of files.
      answer.emit('end')
      answer.emit('close')
    }
  }

  /**
   * To close a socket while its client still sends would reset it, and who reads only after sending would lose the
   * answer. So only our side is closed, as nginx does, and what comes is dropped: until the body's end, or until the
   * server's time for a request is over.
   */
  #closeAfterAnswer(): void {
    const destroySoon = () => Socket.prototype.destroySoon.call(this.socket)
    this.#closing = true
    if (this.#overdue || !(this.#broken || this.uploading)) {
      destroySoon()
      return
    }
    this.socket.end()
    this.#request?.resume().once('end', destroySoon)
  }
}

function isOpen(answer: ServerResponse): boolean {
  return !answer.closed
}
