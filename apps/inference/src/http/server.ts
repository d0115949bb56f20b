import { createServer, type RequestListener, type Server } from 'node:http'

/** How long a client may take, in milliseconds, and how many may be connected at once. */
export interface ServerLimits {
  /** For all headers of a request. */
  headersTimeoutMs: number
  /** For a whole request, its body included. */
  requestTimeoutMs: number
  /** For the next request on an open connection; longer than the load balancer's own, or it meets closed connections. */
  keepAliveTimeoutMs: number
  /** More are closed as soon as they are accepted. */
  connections: number
}

/** A server that slow or silent clients cannot tie up. */
export function createHttpServer(listener: RequestListener, limits: ServerLimits): Server {
  const server = createServer(
    {
      // Node.js refuses to start with more for a part than for the whole.
      headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      // How often the two limits above are looked at; Node's own default is every 30 s.
      connectionsCheckingInterval: 1_000,
    },
    listener,
  )
  server.maxConnections = limits.connections
  return server
}
