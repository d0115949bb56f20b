import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readBundle, sha256 } from '@repo/model-bundle'
import sharp from 'sharp'
import type { ModelCard } from '../src/model-card.js'
import { type Problem, sampleBundle, startApp, type TestApp } from './support.js'

/** What Chromium sends when somebody opens a page. */
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'

let app: TestApp
beforeAll(async () => {
  const version = { version: '1.2.3', commit: 'abc', imageDigest: 'sha256:00', pod: 'pod-1' }
  app = await startApp({ app: { version } })
})
afterAll(() => app.close())

const page = () => fetch(app.url, { headers: { accept: BROWSER } })

describe('GET /', () => {
  test.each(['*/*', 'text/plain', 'application/json'])(
    'when %s is wanted, then it answers Healthy',
    async (accept) => {
      const response = await fetch(app.url, { headers: { accept } })
      expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
      expect(response.headers.get('vary')).toMatch(/accept/i)
      expect(await response.text()).toBe('Healthy')
    },
  )

  test('when a browser comes, then it gets the page, asks again for it the next time, and keeps its files', async () => {
    const response = await page()
    expect(response.headers.get('content-type')).toMatch(/^text\/html/)
    expect(response.headers.get('cache-control')).toBe('no-cache')
    expect(response.headers.get('vary')).toMatch(/accept/i)
    const links = [...(await response.text()).matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(
      ([, link]) => link,
    )
    expect(links).toHaveLength(3)
    for (const link of links) {
      const file = await fetch(`${app.url}/${link}`)
      expect([link, file.status]).toEqual([link, 200])
      expect(file.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    }
  })

  test('when its policy is read, then it allows nothing from elsewhere and nothing inline', async () => {
    const response = await page()
    const policy = response.headers.get('content-security-policy') ?? ''
    for (const part of policy.split('; ')) {
      for (const source of part.split(' ').slice(1))
        expect(["'self'", "'none'", "'script'", 'blob:']).toContain(source)
    }
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
    expect(await response.text()).not.toMatch(/<script(?![^>]*src=)|<style|\son\w+=|style=|https?:/)
  })

  test('when a program asks, then it gets no headers that only a page needs', async () => {
    const ofPage = (await page()).headers
    const ofAnswer = (await fetch(`${app.url}/version`)).headers
    for (const headers of [ofPage, ofAnswer]) expect(headers.get('x-content-type-options')).toBe('nosniff')
    for (const name of ['content-security-policy', 'strict-transport-security', 'referrer-policy']) {
      expect([name, ofPage.has(name), ofAnswer.has(name)]).toEqual([name, true, false])
    }
  })

  test.each(['/assets/nope.js', '/assets/', '/assets/..%2findex.html', '/assets/%2e%2e/%2e%2e/package.json'])(
    'when %s is asked for, then 404',
    async (path) => {
      const response = await fetch(app.url + path)
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ code: 'not-found' })
    },
  )
})

describe('GET /model', () => {
  test('when it is read, then it is what the manifest says', async () => {
    const { manifest, labels } = await readBundle(sampleBundle)
    const card = (await (await fetch(`${app.url}/model`)).json()) as ModelCard
    const { name, version, metrics, source, license, createdAt } = manifest
    expect(card).toMatchObject({ name, version, metrics, source, license, createdAt, labels })
    expect(card.sha256).toBe(manifest.files.find(({ path }) => path === 'model.onnx')?.sha256)
    expect(card.samples.map(({ label }) => label)).toEqual(manifest.samples.map(({ label }) => label))
    for (const [index, sample] of card.samples.entries()) {
      const image = await fetch(`${app.url}/model/samples/${sample.sha256}`)
      expect(image.headers.get('content-type')).toBe('image/png')
      expect(image.headers.get('cache-control')).toBe('private, max-age=31536000, immutable')
      const bytes = new Uint8Array(await image.arrayBuffer())
      expect(sha256(bytes)).toBe(sample.sha256)
      expect(sha256(await readFile(join(sampleBundle, manifest.samples[index]!.file)))).toBe(sample.sha256)
    }
  })

  test('when a file of the bundle is no sample, then it is not given out', async () => {
    const { manifest } = await readBundle(sampleBundle)
    const weights = manifest.files.find(({ path }) => path === 'model.onnx')?.sha256
    for (const name of [weights, 'model.onnx', '..%2fmodel.onnx', '%2e%2e%2fmodel.json', '0'.repeat(64)]) {
      expect((await fetch(`${app.url}/model/samples/${name}`)).status).toBe(404)
    }
  })
})

describe('POST /preview', () => {
  const preview = (body: Uint8Array, type = 'image/*') =>
    fetch(`${app.url}/preview`, {
      method: 'POST',
      body: Buffer.from(body),
      headers: { 'content-type': type },
    })

  test('when an image of the model’s own size comes, then the same pixels come back', async () => {
    const { manifest } = await readBundle(sampleBundle)
    const image = await readFile(join(sampleBundle, manifest.samples[0]!.file))
    const response = await preview(image)
    expect(response.headers.get('content-type')).toBe('image/png')
    const pixels = (bytes: Buffer) => sharp(bytes).toColourspace('b-w').raw().toBuffer()
    const seen = Buffer.from(await response.arrayBuffer())
    expect((await pixels(seen)).equals(await pixels(image))).toBe(true)
  })

  test('when a large colourful image comes, then it is resized and gray, as the model sees it', async () => {
    const create = { width: 300, height: 200, channels: 3 as const, background: '#ff0000' }
    const response = await preview(await sharp({ create }).jpeg().toBuffer(), 'image/jpeg')
    const { data, info } = await sharp(Buffer.from(await response.arrayBuffer()))
      .toColourspace('b-w')
      .raw()
      .toBuffer({ resolveWithObject: true })
    expect(info).toMatchObject({ width: 28, height: 28 })
    // The luma of red; JPEG is not exact.
    expect(Math.abs(data[0]! - 76)).toBeLessThanOrEqual(2)
  })

  test.each([
    ['no image', 'image/png', 400, 'image-unsupported'],
    ['x'.repeat(2000), 'text/plain', 415, 'unsupported-media-type'],
  ])('when it is %.10s as %s, then %d', async (body, type, status, code) => {
    const response = await preview(Buffer.from(body), type)
    expect(response.status).toBe(status)
    expect(((await response.json()) as Problem).code).toBe(code)
  })

  test('when the limits are exceeded, then they are those of /score', async () => {
    const small = await startApp({ limits: { bodyBytes: 1000 }, pool: { maxPixels: 100 } })
    try {
      const create = { width: 20, height: 20, channels: 3 as const, background: '#000' }
      const image = await sharp({ create }).png().toBuffer()
      for (const [body, code] of [
        [Buffer.alloc(1001), 'body-too-large'],
        [image, 'image-too-large'],
      ] as const) {
        for (const path of ['preview', 'score']) {
          const options = { method: 'POST', body, headers: { 'content-type': 'image/png' } }
          const response = await fetch(`${small.url}/${path}`, options)
          expect([response.status, ((await response.json()) as Problem).code]).toEqual([413, code])
        }
      }
    } finally {
      await small.close()
    }
  })
})

describe('every answer', () => {
  test('when it comes, then it says which pod and which model version gave it', async () => {
    for (const path of ['/', '/score', '/nope', '/v2/health/ready']) {
      const { headers } = await fetch(app.url + path)
      expect([headers.get('x-pod'), headers.get('x-model-version')]).toEqual(['pod-1', '2.0.0'])
    }
    expect(await (await fetch(`${app.url}/version`)).json()).toMatchObject({
      app: { imageDigest: 'sha256:00', pod: 'pod-1' },
    })
  })

  test('when it took a worker, then Server-Timing says what the time went into', async () => {
    const { manifest } = await readBundle(sampleBundle)
    const body = await readFile(join(sampleBundle, manifest.samples[0]!.file))
    const start = performance.now()
    const response = await fetch(`${app.url}/score`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'image/png' },
    })
    const took = performance.now() - start
    const timing = response.headers.get('server-timing') ?? ''
    const parts = [...timing.matchAll(/(\w+);dur=(\d+\.\d\d)/g)]
    expect(parts.map(([, name]) => name)).toEqual(['queue', 'decode', 'inference'])
    const sum = parts.reduce((total, [, , ms]) => total + Number(ms), 0)
    expect(sum).toBeGreaterThan(0)
    expect(sum).toBeLessThan(took)
  })

  test('when its connection is not to be kept, then it is closed', async () => {
    const close = await fetch(`${app.url}/healthz`, { headers: { 'x-connection': 'close' } })
    expect(close.headers.get('connection')).toBe('close')
    expect((await fetch(`${app.url}/healthz`)).headers.get('connection')).toBe('keep-alive')
  })
})
