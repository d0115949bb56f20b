import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { Load } from '../src/load.js'
import { Report } from '../src/report.js'

const temporaryFolder = temporaryFolders()
const undo: (() => Promise<unknown>)[] = []
const signal = new AbortController().signal

afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action()
})

/** Load on a server of the test's; it answers like the app unless `answer` does. */
async function loadOn(answer: RequestListener = () => {}): Promise<{ load: Load; connections(): number }> {
  let connections = 0
  const server = createServer((request, response) => {
    request.resume()
    answer(request, response)
    if (response.writableEnded || response.destroyed) return
    const body =
      request.url === '/version'
        ? { model: { version: '1.0.0' } }
        : { result: [[[['Bag', 99.5]]], 'Computed'] }
    response.end(JSON.stringify(body))
  })
  server.on('connection', () => {
    connections++
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  undo.push(async () => server.close())
  const path = join(await temporaryFolder(), 'bag.png')
  await writeFile(path, 'an image')
  const { port } = server.address() as AddressInfo
  const load = new Load({ url: `http://127.0.0.1:${port}`, image: { path, label: 'Bag' } })
  undo.push(() => load.stop())
  return { load, connections: () => connections }
}

describe('the load', () => {
  test('when every answer is right, then none has failed, and each request has a connection of its own', async () => {
    const { load, connections } = await loadOn()
    await load.untilGood(40, signal)
    await load.stop()
    expect(load.counts.failed).toBe(0)
    expect(load.counts.versions['1.0.0']).toBeGreaterThan(0)
    expect(connections()).toBe(load.counts.sent)
  })

  const faults: [string, RequestListener, RegExp][] = [
    ['the status is 503', (_, response) => response.writeHead(503).end('busy'), /status 503: busy/],
    ['the connection is cut', (request) => request.socket.destroy(), /socket hang up|ECONNRESET/],
    [
      'the answer is cut',
      (_, response) => {
        response.writeHead(200, { 'content-length': 100 }).write('{"result"')
        response.destroy()
      },
      /aborted|ECONNRESET|socket hang up/,
    ],
    ['the label is wrong', (_, response) => response.end('{"result":[[[["Shirt",99]]]]}'), /wrong answer/],
  ]
  for (const [title, fault, message] of faults) {
    test(`when ${title} once, then exactly one request has failed, and the reason is kept`, async () => {
      let faults = 0
      const { load } = await loadOn((request, response) => {
        if (request.url === '/score' && faults++ === 0) fault(request, response)
      })
      await load.untilGood(20, signal)
      await load.stop()
      expect(load.counts.failed).toBe(1)
      expect(load.errors).toEqual([expect.stringMatching(message)])
    })
  }
})

describe('a step of the report', () => {
  test('when a request failed meanwhile, then the step fails, unless it may', async () => {
    const { load } = await loadOn((request, response) => {
      if (request.url === '/score') response.writeHead(500).end('oh')
    })
    const report = new Report(await temporaryFolder(), () => {})
    report.load = load
    const someFail = async () => {
      const { failed } = load.counts
      while (load.counts.failed === failed) await new Promise(setImmediate)
    }
    await report.step('tolerant', someFail, { mayFail: true })
    expect(report.summary().ok).toBe(true)
    await expect(report.step('strict', someFail)).rejects.toThrow(/requests failed:\n.*status 500: oh/)
    expect(report.summary()).toEqual({ ok: false, text: expect.stringContaining('"strict" failed') })
  })
})
