import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll } from '@jest/globals'
import type { PoolOptions } from '@repo/classifier'
import { sampleBundles } from '@repo/sample-model'
import type { Express } from 'express'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { type AppDeps, createApp } from '../src/app.js'
import { BodyBudget } from '../src/http/body-budget.js'
import { createHttpServer, type ServerLimits } from '../src/http/server.js'
import type { RequestLimits } from '../src/http/worker-answer.js'
import { LocalModel } from '../src/local-model.js'
import { Metrics } from '../src/metrics.js'
import type { ModelService } from '../src/model-service.js'

/** The bundled sample model's better version. */
export const sampleBundle = sampleBundles.at(-1)!

export interface TestApp {
  url: string
  server: Server
  express: Express
  service: ModelService
  /** Every line that was logged so far. */
  logs: string[]
  close(): Promise<void>
}

export interface TestAppOptions {
  pool?: Partial<PoolOptions>
  limits?: Partial<RequestLimits>
  server?: Partial<ServerLimits>
  app?: Partial<Pick<AppDeps, 'apiKeys' | 'tracing' | 'version'>>
  /** Instead of the sample model in this process. */
  service?: ModelService
  /** Do not load the model. */
  loading?: boolean
}

/** As env.ts has them. */
const SERVER_LIMITS = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  connections: 4096,
}

/** Apps that run. One that a failed test has left would keep Jest from ending. */
const running = new Set<TestApp>()
afterAll(async () => {
  for (const app of running) await app.close()
})

/** The app on a free port of loopback, with the sample model unless told otherwise. */
export async function startApp(options: TestAppOptions = {}): Promise<TestApp> {
  const logs: string[] = []
  const logger = pino({ level: 'debug' }, { write: (line: string) => logs.push(line) })
  const service =
    options.service ?? new LocalModel({ modelFolder: sampleBundle, workers: 1, ...options.pool }, logger)
  if (!options.loading) await service.start()
  const budget = new BodyBudget(256 * 1024 * 1024)
  const limits = { bodyBytes: 16 * 1024 * 1024, images: 32, budget, ...options.limits }
  const metrics = new Metrics(new Registry())
  const app = createApp({
    service,
    logger,
    limits,
    version: { version: '1.2.3', commit: 'abc' },
    metrics,
    ...options.app,
  })
  const { server } = createHttpServer(app, { ...SERVER_LIMITS, ...options.server }, { logger, metrics })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const testApp: TestApp = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    express: app,
    service,
    logs,
    async close() {
      if (!running.delete(testApp)) return
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await service.stop()
    },
  }
  running.add(testApp)
  return testApp
}

/** `[label, percent]`, best first. */
export type Ranking = [string, number][]

/** The answer of POST /score. */
export interface ScoreAnswer {
  result: [Ranking[], string]
}

/** An answer that is an error. */
export interface Problem {
  type: string
  title: string
  status: number
  code: string
  detail: string
  requestId: string
  image?: number
}

/** The body as the original's own client makes it: a JSON text inside JSON. */
export function originalBody(...images: Uint8Array[]): string {
  return JSON.stringify({
    input: JSON.stringify(images.map((image) => Buffer.from(image).toString('base64'))),
  })
}
