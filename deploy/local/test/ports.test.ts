import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { findFreePort } from '../src/ports.js'

const servers: Server[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close()
    await once(server, 'close')
  }
})

async function take(host: string): Promise<number> {
  const server = createServer()
  servers.push(server)
  server.listen({ host, port: 0, ipv6Only: host === '::' })
  await once(server, 'listening')
  return (server.address() as { port: number }).port
}

describe('findFreePort', () => {
  test.each(['127.0.0.1', '0.0.0.0', '::'])(
    'when the port is taken on %s, then it is passed over',
    async (host) => {
      const port = await take(host).catch((error) => error.code as string)
      // A machine without IPv6 has nobody there.
      if (typeof port === 'string') return expect(['EAFNOSUPPORT', 'EADDRNOTAVAIL']).toContain(port)
      expect(await findFreePort(port, '127.0.0.1')).toBeGreaterThan(port)
    },
  )

  test('when the port is free, then it is taken', async () => {
    const port = await take('127.0.0.1')
    servers.pop()?.close()
    expect(await findFreePort(port, '127.0.0.1')).toBe(port)
  })

  test('when any port will do, then it is a free one', async () => {
    expect(await findFreePort(0, '127.0.0.1')).toBeGreaterThan(1023)
  })

  test('when the host is not this machine, then the error names HOST', async () => {
    await expect(findFreePort(8080, '192.0.2.1')).rejects.toThrow(/HOST=192\.0\.2\.1/)
  })
})
