import { readFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { readBundle } from '@repo/model-bundle'
import { startProcess, whenReady } from './process.js'
import { originalBody, sampleBundle } from './support.js'

const ROUNDS = 20
const CLIENTS = 8

/** Posts on one connection after another, or on one that is kept, and resolves with the status. */
function post(url: string, agent: Agent, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const req = request(`${url}/score`, { method: 'POST', agent, headers }, (res) => {
      res.resume()
      res.once('end', () => resolve(res.statusCode ?? 0))
      res.once('error', reject)
    })
    req.once('error', reject)
    req.end(body)
  })
}

test(`when SIGTERM comes under load, ${ROUNDS} times, then every accepted request is answered and the exit code is 0`, async () => {
  const { manifest } = await readBundle(sampleBundle)
  const image = await readFile(join(sampleBundle, manifest.samples[0]!.file))
  const body = originalBody(...Array.from({ length: 8 }, () => image))
  for (let round = 0; round < ROUNDS; round++) {
    // Long enough for the balancer to notice on a busy machine, where its turn may come late.
    const app = startProcess({ SHUTDOWN_DELAY_MS: '1000' })
    const url = await whenReady(app)
    let balanced = true
    const statuses: number[] = []
    const clients = Array.from({ length: CLIENTS }, async (_, index) => {
      const agent = new Agent({ keepAlive: index % 2 === 0, maxSockets: 1 })
      while (balanced) statuses.push(await post(url, agent, body))
      agent.destroy()
    })
    // As a load balancer does: what is not ready gets nothing new.
    const balancer = (async () => {
      while ((await fetch(`${url}/readyz`)).ok) await new Promise((resolve) => setTimeout(resolve, 10))
      balanced = false
    })()
    await new Promise((resolve) => setTimeout(resolve, 20 + round * 10))
    app.child.kill('SIGTERM')
    await balancer
    await Promise.all(clients)
    expect(await app.ended).toEqual({ code: 0, signal: null })
    expect(statuses.length).toBeGreaterThan(0)
    expect(new Set(statuses)).toEqual(new Set([200]))
  }
}, 600_000)

test('when a request takes longer than the grace, then the process ends all the same, and not with 0', async () => {
  const app = startProcess({ SHUTDOWN_GRACE_MS: '300', REQUEST_TIMEOUT_MS: '60000' })
  const url = new URL(await whenReady(app))
  // A request whose body never comes.
  const req = request({
    host: url.hostname,
    port: url.port,
    path: '/score',
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': 10 },
  })
  req.on('error', () => {})
  req.flushHeaders()
  await new Promise((resolve) => setTimeout(resolve, 100))
  app.child.kill('SIGTERM')
  expect((await app.ended).code).not.toBe(0)
  expect(app.output()).toContain('giving up')
})
