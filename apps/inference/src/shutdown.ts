import type { Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { ModelService } from './model-service.js'

export interface ShutdownOptions {
  server: Server
  service: ModelService
  logger: Logger
  /** New connections are still served for so many milliseconds: until load balancers have seen that we are not ready. */
  delayMs: number
  /** After so many milliseconds in all, what has not ended is given up. */
  graceMs: number
}

/**
 * Ends the service so that no accepted request is lost: not ready at once, then no new connections, then no open ones,
 * then no workers.
 * @returns whether everything ended within the grace; else only SIGKILL ends the process
 */
export async function shutDown(options: ShutdownOptions): Promise<boolean> {
  const { server, service, logger, delayMs, graceMs } = options
  // From here on every answer also closes its connection, see app.ts.
  service.drain()
  const ended = async () => {
    if (server.listening) {
      await sleep(delayMs)
      await closeServer(server)
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
async function closeServer(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  // A connection whose request began before the drain stays open after its answer; nothing else would close it.
  const sweep = setInterval(() => server.closeIdleConnections(), 50)
  await closed
  clearInterval(sweep)
}
