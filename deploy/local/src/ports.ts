import { once } from 'node:events'
import { createServer } from 'node:net'
import { LaunchError } from './errors.js'

const TRIES = 100
/** A server on any of them makes a browser's or curl's `localhost` ambiguous, even where binding would succeed. */
const EVERYWHERE = ['0.0.0.0', '127.0.0.1', '::']

/**
 * The first port from `wanted` upwards that nobody uses on this machine; for 0, any free one. Another process may
 * still take it before it is used.
 * @throws LaunchError when `host` is not ours to bind, or no port is free
 */
export async function findFreePort(wanted: number, host: string): Promise<number> {
  const hosts = [...new Set([host, ...EVERYWHERE])]
  if (wanted === 0) return await anyPort(host)
  for (let port = wanted; port < wanted + TRIES && port <= 65535; port++) {
    if (await isFree(port, hosts, host)) return port
  }
  throw new LaunchError(`No port from ${wanted} on is free.`, 'Choose another one: PORT=9000 npm start')
}

async function isFree(port: number, hosts: string[], host: string): Promise<boolean> {
  for (const address of hosts) {
    const code = await bindError(port, address)
    if (code === 'EADDRINUSE') return false
    if (code !== undefined && address === host) throw notBindable(port, host, code)
    // Elsewhere anything else, such as a machine without IPv6, says nothing of the port.
  }
  return true
}

async function bindError(port: number, host: string): Promise<string | undefined> {
  const server = createServer()
  try {
    server.listen({ port, host, exclusive: true })
    await once(server, 'listening')
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  } finally {
    server.close()
  }
}

async function anyPort(host: string): Promise<number> {
  const server = createServer()
  try {
    server.listen({ port: 0, host })
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no TCP address')
    return address.port
  } catch (error) {
    throw notBindable(0, host, (error as NodeJS.ErrnoException).code ?? String(error))
  } finally {
    server.close()
  }
}

function notBindable(port: number, host: string, code: string): LaunchError {
  if (code === 'EACCES') {
    return new LaunchError(
      `This user may not listen on port ${port}.`,
      'Choose another one: PORT=8080 npm start',
    )
  }
  return new LaunchError(
    `The app cannot listen on HOST=${host} (${code}).`,
    'Unset HOST, or give an address of this machine, such as 127.0.0.1 or 0.0.0.0',
  )
}
