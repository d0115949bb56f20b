import { createServer, IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Express } from 'express'
import { type ClientErrorDeps, clientErrorHandler } from './client-error.js'
import { Connections } from './connections.js'
import { HttpError } from './problem.js'

/** How long a client may take, in milliseconds, and how many may be connected at once. */
export interface ServerLimits {
  /** For all headers of a request. */
  headersTimeoutMs: number
  /** For a whole request, its body included; and without reading on, for an answer. */
  requestTimeoutMs: number
  /** For the next request on an open connection; longer than the load balancer's own, or it meets closed connections. */
  keepAliveTimeoutMs: number
  /** More are closed as soon as they are accepted. */
  connections: number
}

/** How often the times for headers and requests are looked at; Node's own default is every 30 s. */
const CHECK_MS = 1_000

/** A server that slow or silent clients cannot tie up, and its connections. */
export function createHttpServer(
  app: Express,
  limits: ServerLimits,
  deps: ClientErrorDeps,
): { server: Server; connections: Connections } {
  const connections = new Connections()
  const handle: RequestListener = (req, res) => {
    connections.of(req.socket)?.began(req, res)
    app(req, res)
  }
  const server = createServer(
    {
      ...messageClasses(app),
      // Node.js refuses to start with more for a part than for the whole.
      headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: CHECK_MS,
      // The app does, see valid-request.ts.
      requireHostHeader: false,
    },
    handle,
  )
  server.on('connection', (socket: Socket) => connections.add(socket))
  server.on('checkExpectation', handle)
  server.on('clientError', clientErrorHandler(deps, connections))
  // Nothing was read or written for so long, or for keepAliveTimeout on a connection without a request. A bit more than
  // the request's own time, which has another answer.
  server.setTimeout(limits.requestTimeoutMs + 2 * CHECK_MS, (socket: Socket) => {
    if (!connections.of(socket)?.used) socket.destroy()
    // With nothing to write it waits for the model.
    else if (socket.writableLength > 0)
      socket.destroy(new HttpError('request-timeout', 'the client does not read its answer'))
  })
  server.maxConnections = limits.connections
  return { server, connections }
}

/**
 * Classes of requests and responses that already are what Express makes of Node's: it gives each one another prototype,
 * after which V8 reads and writes all its properties the slow way. With the right one from the start nothing changes,
 * and a small request takes a third of the time.
 */
function messageClasses(app: Express) {
  class Request extends IncomingMessage {}
  class Response extends ServerResponse {}
  app.request = Object.setPrototypeOf(Request.prototype, app.request)
  app.response = Object.setPrototypeOf(Response.prototype, app.response)
  return { IncomingMessage: Request, ServerResponse: Response }
}
