import { expect, test } from '@jest/globals'
import { formatReport, runConformance } from '../src/index.js'
import { brightPng } from '../src/png.js'
import { MODEL, reference } from './reference.js'
import { type Call, deadAddress, servers } from './server.js'

const serve = servers()

test('when no model is named, then the name comes from GET /version', async () => {
  const results = await runConformance({ baseUrl: await serve(reference()) })
  expect(results.filter(({ status }) => status === 'failed')).toEqual([])
})

test.each([
  ['has no /version', () => ({ status: 404, body: 'not found' })],
  ['has a /version without a model', () => ({ status: 200, body: { model: null } })],
  ['hangs on /version', (call: Call) => (call.path === '/version' ? undefined : { status: 200, body: {} })],
])('when no model is named and the server %s, then the caller is told to name it', async (_, handler) => {
  const run = runConformance({ baseUrl: await serve(handler), timeoutMs: 200 })
  await expect(run).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('--model') })
})

test.each(['127.0.0.1:8080', 'ftp://127.0.0.1', 'http://user:secret@127.0.0.1', ''])(
  'when the base URL is "%s", then it is refused and not shown',
  async (baseUrl) => {
    const error = await runConformance({ baseUrl, model: MODEL }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'ConformanceError', code: 'usage' })
    expect(String(error)).not.toContain('secret')
  },
)

test('when nothing listens, then the server is unreachable', async () => {
  const run = runConformance({ baseUrl: await deadAddress(), model: MODEL })
  await expect(run).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('ECONNREFUSED'),
  })
})

test('when the server never answers, then it is unreachable', async () => {
  const run = runConformance({ baseUrl: await serve(() => undefined), model: MODEL, timeoutMs: 100 })
  await expect(run).rejects.toMatchObject({ code: 'unreachable', message: 'no answer within 0.1 s' })
})

test('when one endpoint hangs, then its checks fail and the others go on', async () => {
  const correct = reference()
  const hangs = (call: Call) =>
    call.path.endsWith('/ready') && call.path.includes('/models/') ? undefined : correct(call)
  const results = await runConformance({ baseUrl: await serve(hangs), model: MODEL, timeoutMs: 1000 })
  const failed = results.filter(({ status }) => status === 'failed')
  expect(failed.map(({ found }) => found)).toEqual(Array(5).fill('no answer within 1 s'))
  expect(failed.every(({ name }) => name.includes('ready'))).toBe(true)
})

test('when the caller aborts in the middle, then the run ends with the reason', async () => {
  const controller = new AbortController()
  const correct = reference()
  let calls = 0
  const baseUrl = await serve((call) => {
    if (++calls === 5) controller.abort(new Error('enough'))
    return calls >= 5 ? undefined : correct(call)
  })
  await expect(runConformance({ baseUrl, model: MODEL, signal: controller.signal })).rejects.toThrow('enough')
  expect(calls).toBe(5)
})

test('when the server sends what it was sent back in its errors, then no image is in the report', async () => {
  const correct = reference()
  const echoes = (call: Call) => {
    const reply = correct(call)
    return reply.status === 200 && call.body.includes('BYTES')
      ? { status: 400, body: { error: `no: ${call.body}` } }
      : reply
  }
  const results = await runConformance({ baseUrl: await serve(echoes), model: MODEL })
  const report = `${formatReport(results)} ${JSON.stringify(results)}`
  expect(report).toContain('no: {')
  expect(report).toMatch(/<\d+ characters>/)
  expect(report).not.toContain(brightPng().toString('base64').slice(0, 40))
})

test('when a server answers with pages of text and control characters, then one short clean line of it is shown', async () => {
  const correct = reference()
  const page = (call: Call) =>
    call.path === '/v2'
      ? { status: 200, contentType: 'text/html', body: `\u001b[31m<p>\n${'many words '.repeat(1000)}` }
      : correct(call)
  const results = await runConformance({ baseUrl: await serve(page), model: MODEL })
  const found = results.find(({ status }) => status === 'failed')?.found ?? ''
  expect(found).toMatch(/^200 text\/html: \[31m<p> many words /)
  expect(found.length).toBeLessThan(230)
  expect(found).not.toContain('\u001b')
})
