import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface RoundRobin {
  url: string
  /** Where requests go, one after the other; may be changed at any time. */
  targets: string[]
  close(): Promise<void>
}

/** Deals requests out to servers in turn, as a load balancer before several pods does. One that is away is a 502. */
export async function roundRobin(...targets: string[]): Promise<RoundRobin> {
  let turn = 0
  const proxy = { targets }
  const server = createServer((req, res) => {
    const target = new URL(req.url ?? '/', proxy.targets[turn++ % proxy.targets.length])
    const upstream = request(target, { method: req.method, headers: req.headers, agent: false }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(res)
    })
    upstream.once('error', () => res.writeHead(502).end())
    req.pipe(upstream)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(proxy, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}
