import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from '@jest/globals'
import { pino } from 'pino'
import { RemoteModel } from '../src/remote-model.js'
import { sampleBundle, startApp, type TestApp, type TestAppOptions } from './support.js'

let app: TestApp
afterEach(() => app.close())

function open(port: string | number): Socket {
  // One that does not close its side because the server closes its own.
  const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  return socket
}

async function start(options: TestAppOptions): Promise<Socket> {
  app = await startApp(options)
  return open(new URL(app.url).port)
}

/** Everything that comes until the server closes the connection. */
async function readAll(socket: Socket): Promise<string> {
  let received = ''
  socket.on('data', (chunk) => {
    received += chunk
  })
  socket.once('end', () => socket.end())
  socket.resume()
  // Not events.once, which rejects on a reset.
  await new Promise((resolve) => socket.once('close', resolve))
  return received
}

/** Sends a request with more of a body than all buffers on the way hold, and reads nothing meanwhile. */
async function sendAll(socket: Socket, head: string): Promise<void> {
  const body = Buffer.alloc(20_000_000)
  socket.pause()
  socket.write(`${head}\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n`)
  const error = await new Promise((resolve) => socket.write(body, resolve))
  expect(error).toBeFalsy()
}

/** Resolves once the log has a line like this. */
async function logged(pattern: RegExp): Promise<void> {
  while (!app.logs.some((line) => pattern.test(line))) await new Promise((resolve) => setTimeout(resolve, 10))
}

async function metric(name: string): Promise<string | undefined> {
  const text = await (await fetch(`${app.url}/metrics`)).text()
  return text
    .split('\n')
    .find((line) => line.startsWith(`${name} `))
    ?.slice(name.length + 1)
}

const FILES = 'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(20)

describe('a client that reads only after it has sent its body', () => {
  test.each([
    ['the type is not known', '/score', 'text/plain', 415],
    ['the body is too large', '/score', 'application/json', 413],
    ['the path is not known', '/nothing', 'application/json', 404],
  ])('when %s and the connection is to close, then it sees the answer', async (_what, path, type, status) => {
    const socket = await start({ limits: { bodyBytes: 1000 } })
    await sendAll(socket, `POST ${path} HTTP/1.1\r\nconnection: close\r\ncontent-type: ${type}`)
    expect(await readAll(socket)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  })

  test('when the app refuses it because it is about to end, then it sees the answer', async () => {
    const socket = await start({ limits: { bodyBytes: 1000 } })
    app.service.drain()
    await sendAll(socket, 'POST /score HTTP/1.1\r\ncontent-type: application/json')
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 413 .*connection: close/is)
  })

  test('when it never sends the rest, then its time runs out', async () => {
    const socket = await start({ loading: true, server: { requestTimeoutMs: 500 } })
    socket.write('POST /score HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 100\r\n\r\nabc')
    const connections = promisify(app.server.getConnections.bind(app.server))
    await once(socket, 'data')
    expect(await connections()).toBe(1)
    while ((await connections()) > 0) await new Promise((resolve) => setTimeout(resolve, 10))
    socket.destroy()
  })
})

describe('a client that does not read its answers', () => {
  test('when the time for a request is over, then its connection is closed, and that is not "client left"', async () => {
    const socket = await start({ loading: true, server: { requestTimeoutMs: 300 } })
    socket.pause()
    socket.write(FILES)
    await logged(/swagger-ui-bundle.*"status":408/)
    expect(app.logs.join('')).not.toContain('client left')
    socket.destroy()
  })

  test('when it leaves, then none of the answers that it did not wait for stays in flight', async () => {
    const socket = await start({ loading: true })
    socket.pause()
    socket.write(FILES)
    while (Number(await metric('http_requests_in_flight')) < 10);
    socket.destroy()
    // The scrape itself.
    while ((await metric('http_requests_in_flight')) !== '1');
    await logged(/client left/)
  })
})

test('when the model takes longer than a client might, then the client has its answer all the same', async () => {
  const endpoint = createServer(async (req, res) => {
    if (req.url?.endsWith('/infer')) {
      await once(app.server, 'timeout')
      res.writeHead(418).end()
      return
    }
    const inputs = [{ name: 'input', datatype: 'FP32', shape: [-1, 1, 28, 28] }]
    const outputs = [{ name: 'logits', datatype: 'FP32', shape: [-1, 10] }]
    res.end(JSON.stringify({ name: 'fashion-mnist', versions: ['2.0.0'], inputs, outputs }))
  }).listen(0, '127.0.0.1')
  await once(endpoint, 'listening')
  const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`
  const options = { endpoint: url, modelFolder: sampleBundle, limit: 8, timeoutMs: 60_000 }
  const service = new RemoteModel(options, pino({ level: 'silent' }))
  const socket = await start({ service, server: { requestTimeoutMs: 200 } })
  socket.write(
    'POST /score HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: image/png\r\ncontent-length: 1\r\n\r\na',
  )
  expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 502 /)
  endpoint.closeAllConnections()
  endpoint.close()
})

test('when a connection was idle for long enough, then it is closed', async () => {
  const socket = await start({ loading: true, server: { keepAliveTimeoutMs: 200 } })
  socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n')
  expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 200 /)
})
