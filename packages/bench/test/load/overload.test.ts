import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import { type Overload, together } from '../../src/load/overload.js'
import { type RawAnswer, RawClient } from '../../src/load/raw-client.js'

const one: Overload = {
  sent: 100,
  answered: 30,
  answeredPerSecond: 30,
  refused: 70,
  refusedP99: 10,
  other: 0,
  lost: 0,
  rssGrowth: 5,
}

describe('several overloads', () => {
  test('when the peak drifts, then each is held against the one before and the one after', () => {
    const { share } = together([one, { ...one, answeredPerSecond: 20 }], [40, 20, 30])
    expect(share).toEqual({ median: 0.9, min: 0.8, max: 1 })
  })

  test('when one of them went worse, then that is what is told', () => {
    const worse = { ...one, refused: 50, refusedP99: 40, other: 1, lost: 2, rssGrowth: 20 }
    const found = together([one, worse, one], [30, 30, 30, 30])
    expect(found).toMatchObject({ refused: 190, refusedP99: 40, other: 1, lost: 2, rssGrowth: 20 })
  })
})

describe('the client', () => {
  const answers = (client: RawClient, times: number) =>
    Promise.all(
      Array.from({ length: times }, () => new Promise<RawAnswer | undefined>((told) => client.post(told))),
    )

  async function withServer(
    answer: Parameters<typeof createServer>[1],
    use: (client: RawClient, connections: () => number) => Promise<void>,
  ): Promise<void> {
    let connections = 0
    const server = createServer(answer as never)
    server.on('connection', () => connections++)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/score`
    const client = new RawClient(url, Buffer.alloc(300_000, 'x'))
    await use(client, () => connections)
    client.close()
    server.close()
  }

  test('when a server answers and refuses, then each request learns which, over connections that are kept', async () => {
    let count = 0
    await withServer(
      (req, res) => {
        const refused = count++ % 2 === 1
        if (refused) res.writeHead(503, { 'retry-after': '1' })
        req.resume().on('end', () => res.end('{}'))
      },
      async (client, connections) => {
        const first = await answers(client, 2)
        expect(first.map((answer) => answer?.status).sort()).toEqual([200, 503])
        expect(first.map((answer) => answer?.hasRetryAfter).sort()).toEqual([false, true])
        await answers(client, 2)
        expect(connections()).toBe(2)
      },
    )
  })

  test('when a server closes the connection without an answer, then the request learns that', async () => {
    await withServer(
      (req) => req.socket.destroy(),
      async (client) => expect(await answers(client, 1)).toEqual([undefined]),
    )
  })

  test('when an answer ends its connection, then it counts, and the next request opens another', async () => {
    await withServer(
      (req, res) => req.resume().on('end', () => res.setHeader('connection', 'close').end('{}')),
      async (client, connections) => {
        for (let i = 0; i < 2; i++) expect((await answers(client, 1))[0]?.status).toBe(200)
        expect(connections()).toBe(2)
      },
    )
  })
})
