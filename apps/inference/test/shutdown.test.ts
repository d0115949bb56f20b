import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { Agent, createServer, request } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { readBundle } from '@repo/model-bundle'
import { type AppProcess, startProcess, whenReady } from './process.js'
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

/** Connects, sends this, and lets it reach the app. Reads nothing. */
async function sendOnly(app: AppProcess, text: string): Promise<Socket> {
  const socket = connect(await app.port, '127.0.0.1')
  socket.pause()
  socket.on('error', () => {})
  await once(socket, 'connect')
  if (text !== '') socket.write(text)
  await new Promise((resolve) => setTimeout(resolve, 100))
  return socket
}

test('when connections are open on which nothing was asked, then it does not wait for them', async () => {
  // The grace is longer than this test may take.
  const app = startProcess({ SHUTDOWN_GRACE_MS: '600000', HEADERS_TIMEOUT_MS: '600000' })
  await whenReady(app)
  const sockets = [
    await sendOnly(app, ''),
    await sendOnly(app, 'GET /healthz HTTP/1.1\r\nhost: x\r\n'),
    await sendOnly(app, 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n'),
  ]
  app.child.kill('SIGTERM')
  expect(await app.ended).toEqual({ code: 0, signal: null })
  for (const socket of sockets) socket.destroy()
})

const SLOW_BODY =
  'POST /score HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{'

test('when a body is too slow in coming, then its time runs out at the end as ever', async () => {
  const app = startProcess({ SHUTDOWN_GRACE_MS: '600000', REQUEST_TIMEOUT_MS: '1000' })
  await whenReady(app)
  const socket = await sendOnly(app, SLOW_BODY)
  app.child.kill('SIGTERM')
  socket.resume()
  const [answer] = await once(socket, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1\.1 408 /)
  expect(await app.ended).toEqual({ code: 0, signal: null })
})

test.each([
  ['send the whole of a request', SLOW_BODY],
  ['read answers', 'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(20)],
])('when a client does not %s, then the process leaves it before the grace is over', async (_what, text) => {
  const app = startProcess({ SHUTDOWN_GRACE_MS: '1500', REQUEST_TIMEOUT_MS: '60000' })
  await whenReady(app)
  const socket = await sendOnly(app, text)
  app.child.kill('SIGTERM')
  expect(await app.ended).toEqual({ code: 0, signal: null })
  expect(app.output()).toContain('closed connections of clients that were too slow')
  expect(app.output()).not.toContain('client left')
  socket.destroy()
})

test('when an answer takes longer than the grace, then the process ends all the same, and not with 0', async () => {
  const { manifest } = await readBundle(sampleBundle)
  const endpoint = createServer((req, res) => {
    if (req.url?.endsWith('/infer')) return void endpoint.emit('asked')
    const { name, version } = manifest
    const inputs = [{ name: 'input', datatype: 'FP32', shape: [-1, 1, 28, 28] }]
    const outputs = [{ name: 'logits', datatype: 'FP32', shape: [-1, 10] }]
    res.end(JSON.stringify({ name, versions: [version], inputs, outputs }))
  }).listen(0, '127.0.0.1')
  await once(endpoint, 'listening')
  const { port } = endpoint.address() as AddressInfo
  const app = startProcess({ MODEL_ENDPOINT: `http://127.0.0.1:${port}`, SHUTDOWN_GRACE_MS: '300' })
  const url = await whenReady(app)
  const image = await readFile(join(sampleBundle, manifest.samples[0]!.file))
  const asked = once(endpoint, 'asked')
  const lost = post(url, new Agent(), originalBody(image)).catch(() => 'lost')
  await asked
  app.child.kill('SIGTERM')
  expect((await app.ended).code).not.toBe(0)
  expect(app.output()).toContain('giving up')
  expect(await lost).toBe('lost')
  endpoint.closeAllConnections()
  endpoint.close()
})
