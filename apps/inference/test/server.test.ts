import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, test } from '@jest/globals'
import express from 'express'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { createHttpServer } from '../src/http/server.js'
import { Metrics } from '../src/metrics.js'

const LIMITS = { headersTimeoutMs: 1000, requestTimeoutMs: 1000, keepAliveTimeoutMs: 1000, connections: 10 }

test('when a request comes, then it and its response are what Express would make of them before it gets them', async () => {
  const app = express()
  app.get('/hello', (req, res) => {
    res.status(201).json({ query: req.query, host: req.get('host'), sameApp: res.app === app })
  })
  const { server } = createHttpServer(app, LIMITS, {
    logger: pino({ level: 'silent' }),
    metrics: new Metrics(new Registry()),
  })
  const before: object[] = []
  server.prependListener('request', (req, res) => {
    before.push(Object.getPrototypeOf(req), Object.getPrototypeOf(res))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const answer = await fetch(`http://127.0.0.1:${port}/hello?a=1`, { headers: { connection: 'close' } })
  expect(answer.status).toBe(201)
  expect(await answer.json()).toEqual({ query: { a: '1' }, host: `127.0.0.1:${port}`, sameApp: true })
  expect(before[0]).toBe(app.request)
  expect(before[1]).toBe(app.response)
  server.close()
  await once(server, 'close')
})
