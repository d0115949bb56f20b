import type { Server } from 'node:http'
import { Server as NetServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Connections } from './http/connections.js'
import type { ModelService } from './model-service.js'

export interface ShutdownOptions {
  server: Server
  connections: Connections
  service: ModelService
  logger: Logger
  /** New connections are still served for so many milliseconds: until load balancers have seen that we are not ready. */
  delayMs: number
  /** After so many milliseconds in all, what has not ended is given up. */
  graceMs: number
}

/** The share of the grace after which slow clients are left; the rest is for the workers to end. */
const SLOW_CLIENTS_SHARE = 0.9
const SWEEP_MS = 50

/**
 * Ends the service so that no accepted request is lost: not ready at once, then no new connections, then no open ones,
 * then no workers. Who has not sent the whole request, or not read the answer, near the grace's end is not waited for.
 * @returns whether everything ended within the grace; else only SIGKILL ends the process
 */
export async function shutDown(options: ShutdownOptions): Promise<boolean> {
  const { server, service, logger, delayMs, graceMs } = options
  const leaveSlowAt = performance.now() + graceMs * SLOW_CLIENTS_SHARE
  // From here on every answer also closes its connection, see app.ts.
  service.drain()
  const ended = async () => {
    if (server.listening) {
      await sleep(delayMs)
      await closeServer(options, leaveSlowAt)
    }
    return await service.stop()
  }
  const grace = new AbortController()
  const givenUp = sleep(graceMs, false, { signal: grace.signal, ref: false }).catch(() => false)
  const result = await Promise.race([ended(), givenUp])
  grace.abort()
  if (!result) logger.error({ graceMs }, 'giving up on what did not end within the grace, or hangs')
  return result
}

/** Resolves when the last connection has closed. */
async function closeServer(
  { server, connections, logger }: ShutdownOptions,
  leaveSlowAt: number,
): Promise<void> {
  // Not the HTTP server's own close(), which would also stop to enforce the time that a request may take.
  NetServer.prototype.close.call(server)
  while (connections.size > 0) {
    await sleep(SWEEP_MS)
    // A connection whose request began before the drain stays open after its answer; nothing else would close it.
    connections.closeIdle()
    if (performance.now() < leaveSlowAt) continue
    const left = connections.closeUnowed()
    if (left > 0) logger.warn({ connections: left }, 'closed connections of clients that were too slow')
  }
}
