import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Problem, startApp, type TestApp } from './support.js'

let app: TestApp
beforeAll(async () => {
  app = await startApp({ server: { headersTimeoutMs: 300, requestTimeoutMs: 300 } })
})
afterAll(() => app.close())

/** Sends this; resolves with what came back once the server has closed the connection. */
async function send(text: string): Promise<string> {
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1')
  let received = ''
  socket.on('data', (chunk) => {
    received += chunk
  })
  socket.on('error', () => {})
  if (text !== '') socket.write(text)
  await new Promise((resolve) => socket.once('close', resolve))
  return received
}

/** How many requests `GET /metrics` has with these labels, which are as it writes them. */
async function counted(labels: string): Promise<number> {
  const text = await (await fetch(`${app.url}/metrics`)).text()
  const line = text.split('\n').find((line) => line.startsWith(`http_requests_total{${labels}}`))
  return Number(line?.split(' ')[1] ?? 0)
}

const POST = 'POST /score HTTP/1.1\r\nhost: x\r\ncontent-type: image/png\r\n'
const NO_ROUTE = 'method="_OTHER",route="unmatched"'
const OWN_ROUTE = 'method="POST",route="/score"'
const GET = 'method="GET",route="unmatched"'

test.each([
  ['is no HTTP', 'GARBAGE\r\n\r\n', 400, 'malformed-request', NO_ROUTE],
  ['has too large headers', `${POST}x: ${'a'.repeat(20_000)}\r\n\r\n`, 431, 'headers-too-large', NO_ROUTE],
  ['never ends its headers', POST, 408, 'request-timeout', NO_ROUTE],
  ['never ends its body', `${POST}content-length: 9\r\n\r\nabc`, 408, 'request-timeout', OWN_ROUTE],
  [
    'has a broken chunk',
    `${POST}transfer-encoding: chunked\r\n\r\nZZ\r\n`,
    400,
    'malformed-request',
    OWN_ROUTE,
  ],
  ['has no host', 'GET /version HTTP/1.1\r\n\r\n', 400, 'malformed-request', GET],
  [
    'expects what nobody knows',
    'GET /version HTTP/1.1\r\nhost: x\r\nexpect: foo\r\nconnection: close\r\n\r\n',
    417,
    'expectation-failed',
    GET,
  ],
])(
  'when a request %s, then the problem is told, logged and counted',
  async (_what, text, status, code, labels) => {
    const series = `${labels},status="${status}"`
    const before = await counted(series)
    const [head = '', body = ''] = (await send(text)).split('\r\n\r\n')
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(head).toMatch(/^content-type: application\/problem\+json/im)
    expect(head).toMatch(/^connection: close/im)
    const requestId = /^x-request-id: (\S+)/im.exec(head)?.[1]
    const problem = JSON.parse(body) as Problem
    expect(problem).toMatchObject({ type: 'about:blank', status, code, requestId })
    expect(requestId).toBeTruthy()
    const line = app.logs.map((log) => JSON.parse(log)).find((log) => log.requestId === requestId)
    expect(line).toMatchObject({ msg: 'request', status })
    expect(await counted(series)).toBe(before + 1)
  },
)

test('when a connection stays silent, then it is closed without a word, since nothing was asked', async () => {
  const lines = app.logs.length
  expect(await send('')).toBe('')
  expect(app.logs.length).toBe(lines)
})

test('when a client leaves in the middle of its body, then that is what the log says', async () => {
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1')
  socket.end(`${POST}content-length: 9\r\n\r\nabc`)
  while (!app.logs.some((line) => line.includes('client left')))
    await new Promise((resolve) => setTimeout(resolve, 10))
})
