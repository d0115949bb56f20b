import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { readBundle } from '@repo/model-bundle'
import { temporaryFolders, writeColourBundle } from '@repo/testing'
import { originalBody, sampleBundle, startApp, type TestApp } from './support.js'

const temporaryFolder = temporaryFolders()

/** One line of /metrics. */
interface Sample {
  name: string
  labels: Record<string, string>
  value: number
}

async function scrape(app: TestApp): Promise<Sample[]> {
  const response = await fetch(`${app.url}/metrics`)
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line) => {
    const [, name = '', labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', text = '']) => [key, text])
    return { name, labels: Object.fromEntries(pairs), value: Number(value) }
  })
}

/** The value of the one sample with this name and these labels. */
function value(samples: Sample[], name: string, labels: Record<string, string> = {}): number | undefined {
  const matching = samples.filter(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
  )
  expect(matching.length).toBeLessThanOrEqual(1)
  return matching[0]?.value
}

async function withApp(
  options: Parameters<typeof startApp>[0],
  use: (app: TestApp) => Promise<void>,
): Promise<void> {
  const app = await startApp(options)
  try {
    await use(app)
  } finally {
    await app.close()
  }
}

async function scoreSample(app: TestApp, images = 1, signal?: AbortSignal): Promise<number> {
  const { manifest } = await readBundle(sampleBundle)
  const image = await readFile(join(sampleBundle, manifest.samples[0]!.file))
  const response = await fetch(`${app.url}/score`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: originalBody(...Array.from({ length: images }, () => image)),
    ...(signal && { signal }),
  })
  await response.arrayBuffer()
  return response.status
}

const send = async (app: TestApp, method: string, path: string) => {
  const request = httpRequest(`${app.url}${path}`, { method }).end()
  const [response] = await once(request, 'response')
  response.resume()
  await once(response, 'end')
}

describe('GET /metrics', () => {
  test('when images were scored, then it counts the request, its wait, and each decoding and run', async () => {
    await withApp({}, async (app) => {
      await scoreSample(app, 3)
      const samples = await scrape(app)
      const labels = { method: 'POST', route: '/score', status: '200' }
      expect(value(samples, 'http_requests_total', labels)).toBe(1)
      expect(value(samples, 'http_request_duration_seconds_count', labels)).toBe(1)
      expect(value(samples, 'inference_queue_wait_seconds_count')).toBe(1)
      expect(value(samples, 'inference_decode_duration_seconds_count')).toBe(3)
      expect(value(samples, 'inference_run_duration_seconds_count')).toBe(3)
      const whole = value(samples, 'http_request_duration_seconds_sum', labels)!
      const parts = ['queue_wait', 'decode_duration', 'run_duration']
      const sum = parts.reduce((total, part) => total + value(samples, `inference_${part}_seconds_sum`)!, 0)
      expect(sum).toBeGreaterThan(0)
      expect(sum).toBeLessThan(whole)
      expect(value(samples, 'http_requests_in_flight')).toBe(1)
      expect(value(samples, 'inference_queue_depth')).toBe(0)
      expect(value(samples, 'process_start_time_seconds')).toBeGreaterThan(0)
    })
  })

  test('when a prepared tensor was run, then no decoding is counted', async () => {
    await withApp({}, async (app) => {
      const { inputs } = (await (await fetch(`${app.url}/v2/models/fashion-mnist`)).json()) as {
        inputs: { name: string; shape: number[]; datatype: string }[]
      }
      const [input] = inputs
      const shape = input!.shape.map((size) => Math.max(1, size))
      const data = Array.from({ length: shape.reduce((product, size) => product * size) }, () => 0)
      const response = await fetch(`${app.url}/v2/models/fashion-mnist/infer`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ inputs: [{ ...input, shape, data }] }),
      })
      expect(response.status).toBe(200)
      const samples = await scrape(app)
      const labels = { method: 'POST', route: '/v2/models/:model/infer', status: '200' }
      expect(value(samples, 'http_requests_total', labels)).toBe(1)
      expect(value(samples, 'inference_decode_duration_seconds_count')).toBe(0)
      expect(value(samples, 'inference_run_duration_seconds_count')).toBe(1)
    })
  })

  test('when it serves, then it tells which model, and that it is ready', async () => {
    await withApp({}, async (app) => {
      const { manifest } = await readBundle(sampleBundle)
      const { sha256 } = manifest.files.find(({ path }) => path === manifest.model)!
      const labels = { name: manifest.name, version: manifest.version, sha256 }
      const samples = await scrape(app)
      expect(value(samples, 'inference_model_info', labels)).toBe(1)
      expect(value(samples, 'inference_ready')).toBe(1)
      app.service.drain()
      expect(value(await scrape(app), 'inference_ready')).toBe(0)
    })
  })

  test('when the model is still loading, then requests are counted as rejected for that reason', async () => {
    await withApp({ loading: true }, async (app) => {
      expect(value(await scrape(app), 'inference_rejections_total', { reason: 'not-ready' })).toBe(0)
      expect(await scoreSample(app)).toBe(503)
      await send(app, 'GET', '/v2/models/fashion-mnist')
      const samples = await scrape(app)
      expect(value(samples, 'inference_rejections_total', { reason: 'not-ready' })).toBe(2)
      expect(value(samples, 'inference_ready')).toBe(0)
      expect(value(samples, 'inference_model_info')).toBeUndefined()
    })
  })

  test('when more requests come than may wait, then the refused ones are counted', async () => {
    const folder = join(await temporaryFolder(), 'large')
    await writeColourBundle(folder, { input: { width: 2048, height: 2048 } })
    await withApp({ pool: { modelFolder: folder, inFlight: 1, queueLimit: 1 } }, async (app) => {
      const statuses = await Promise.all(Array.from({ length: 10 }, () => scoreSample(app)))
      const refused = statuses.filter((status) => status === 503).length
      expect(refused).toBeGreaterThan(0)
      const samples = await scrape(app)
      expect(value(samples, 'inference_rejections_total', { reason: 'queue-full' })).toBe(refused)
      const labels = { method: 'POST', route: '/score', status: '503' }
      expect(value(samples, 'http_requests_total', labels)).toBe(refused)
    })
  })

  test('when a client leaves while its request waits, then it is counted as left, and no error is logged', async () => {
    const folder = join(await temporaryFolder(), 'large')
    await writeColourBundle(folder, { input: { width: 2048, height: 2048 } })
    await withApp({ pool: { modelFolder: folder, inFlight: 1 } }, async (app) => {
      const running = scoreSample(app, 4)
      while (app.service.load.running === 0) await new Promise((resolve) => setTimeout(resolve, 1))
      const leaving = new AbortController()
      const waiting = scoreSample(app, 1, leaving.signal).catch(() => 'left')
      while (app.service.load.queued === 0) await new Promise((resolve) => setTimeout(resolve, 1))
      leaving.abort()
      expect(await waiting).toBe('left')
      expect(await running).toBe(200)
      const samples = await scrape(app)
      expect(value(samples, 'http_requests_total', { route: '/score', status: '499' })).toBe(1)
      expect(app.logs.join('')).not.toContain('a request failed')
    })
  })

  test('when callers invent paths and methods, then the number of series stays what it was', async () => {
    await withApp({}, async (app) => {
      const methods = ['GET', 'POST', 'PROPFIND', 'PURGE', 'LOCK', 'M-SEARCH']
      const paths = (i: number) => [
        `/invented-${i}`,
        `/v2/invented-${i}`,
        `/V2/models/invented-${i}`,
        `/v2/models/fashion-mnist/versions/${i}`,
        `/docs/invented-${i}`,
        `/score?invented=${i}`,
      ]
      const sendAll = async (i: number) => {
        for (const path of paths(i)) for (const method of methods) await send(app, method, path)
        return (await scrape(app)).filter(({ name }) => name.startsWith('http_'))
      }
      await sendAll(0)
      const before = await sendAll(1)
      for (let i = 2; i < 10; i++) await sendAll(i)
      const after = await sendAll(10)
      expect(after.length).toBe(before.length)
      expect(JSON.stringify(after)).not.toContain('invented')
      const labels = { method: '_OTHER', route: 'unmatched', status: '404' }
      expect(value(after, 'http_requests_total', labels)).toBeGreaterThan(0)
      expect(value(after, 'http_requests_total', { method: 'GET', route: '/v2/models/:model' })).toBe(11)
    })
  })
})
