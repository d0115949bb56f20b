import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { type AppProcess, startProcess, whenReady } from './process.js'

let app: AppProcess | undefined
afterEach(async () => {
  app?.child.kill('SIGTERM')
  await app?.ended
})

async function start(env: Record<string, string>): Promise<number> {
  app = startProcess(env)
  await whenReady(app)
  return app.port
}

/** Sends this and nothing more; resolves with what came back once the server closes the connection. */
async function sendAndWait(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.on('data', (chunk) => {
    received += chunk
  })
  socket.on('error', () => {})
  socket.write(text)
  // Not events.once, which rejects on a reset; a reset is one way to be cut off.
  await new Promise((resolve) => socket.once('close', resolve))
  return received
}

/** A connection that is served and stays open; the one that asked for readiness may still have to go. */
async function servedConnection(port: number): Promise<Socket> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    const served = new Promise<boolean>((resolve) => {
      socket.once('data', () => resolve(true))
      socket.once('close', () => resolve(false))
    })
    if (await served) return socket
  }
}

describe('a client that', () => {
  test('never finishes its headers is cut off', async () => {
    const port = await start({ HEADERS_TIMEOUT_MS: '200' })
    expect(await sendAndWait(port, 'POST /score HTTP/1.1\r\nhost: x\r\n')).toMatch(/^(HTTP\/1\.1 408|$)/)
  })

  test('never finishes its body is cut off', async () => {
    const port = await start({ HEADERS_TIMEOUT_MS: '200', REQUEST_TIMEOUT_MS: '300' })
    const head =
      'POST /score HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{'
    expect(await sendAndWait(port, head)).toMatch(/^(HTTP\/1\.1 408|$)/)
  })

  test('keeps an idle connection is cut off', async () => {
    const port = await start({ KEEP_ALIVE_TIMEOUT_MS: '200' })
    expect(await sendAndWait(port, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n')).toContain('Healthy')
  })

  test('is one connection too many is cut off, and the others are served', async () => {
    const port = await start({ MAX_CONNECTIONS: '1', KEEP_ALIVE_TIMEOUT_MS: '5000' })
    const first = await servedConnection(port)
    const second = await sendAndWait(port, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    expect(second).toBe('')
    first.destroy()
  })

  describe('sends bodies while memory for them is short', () => {
    const post = (port: number) =>
      fetch(`http://127.0.0.1:${port}/score`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ input: '[]', padding: 'x'.repeat(500) }),
      })
    const begin = async (port: number, length: number) => {
      const head = `POST /score HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n`
      const slow = connect(port, '127.0.0.1')
      slow.on('error', () => {})
      slow.write(head + 'x'.repeat(length))
      await new Promise((resolve) => setTimeout(resolve, 100))
      return slow
    }
    const limits = { MAX_BUFFERED_BYTES: '1000', BODY_LIMIT_BYTES: '1000', REQUEST_TIMEOUT_MS: '60000' }

    test('then what has come counts: others get 503 until it is gone', async () => {
      const port = await start(limits)
      const slow = await begin(port, 900)
      const refused = await post(port)
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
      expect(await refused.json()).toMatchObject({ code: 'bodies-full' })
      slow.destroy()
      await new Promise((resolve) => setTimeout(resolve, 100))
      expect((await post(port)).status).toBe(200)
    })

    test('then what is only announced takes nothing from others', async () => {
      const port = await start(limits)
      const silent = [await begin(port, 0), await begin(port, 0)]
      expect((await post(port)).status).toBe(200)
      for (const socket of silent) socket.destroy()
    })
  })
})
