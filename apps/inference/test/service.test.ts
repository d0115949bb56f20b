import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { readBundle } from '@repo/model-bundle'
import { temporaryFolders, writeColourBundle } from '@repo/testing'
import { originalBody, type Problem, sampleBundle, startApp, type TestApp } from './support.js'

const temporaryFolder = temporaryFolders()

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

const scoreSample = async (app: TestApp) => {
  const { manifest } = await readBundle(sampleBundle)
  const image = await readFile(join(sampleBundle, manifest.samples[0]!.file))
  return fetch(`${app.url}/score`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: originalBody(image),
  })
}

describe('the app', () => {
  test('when it serves, then /, /healthz, /readyz and /version say so', async () => {
    await withApp({}, async (app) => {
      const home = await fetch(app.url)
      expect(home.headers.get('content-type')).toMatch(/^text\/plain/)
      expect(await home.text()).toBe('Healthy')
      expect((await fetch(`${app.url}/healthz`)).status).toBe(200)
      expect((await fetch(`${app.url}/readyz`)).status).toBe(200)
      const { manifest, manifestSha256 } = await readBundle(sampleBundle)
      expect(await (await fetch(`${app.url}/version`)).json()).toEqual({
        app: { version: '1.2.3', commit: 'abc' },
        model: {
          name: 'fashion-mnist',
          version: '2.0.0',
          sha256: manifest.files.find(({ path }) => path === 'model.onnx')!.sha256,
          manifestSha256,
        },
        runtime: { onnxruntime: expect.stringMatching(/^\d+\.\d+/), node: process.versions.node },
      })
    })
  })

  test('when the model is still loading, then it is alive but not ready, and /score answers 503', async () => {
    await withApp({ loading: true }, async (app) => {
      expect((await fetch(`${app.url}/healthz`)).status).toBe(200)
      const ready = await fetch(`${app.url}/readyz`)
      expect(ready.status).toBe(503)
      expect(await ready.json()).toEqual({ status: 'loading' })
      expect(await (await fetch(`${app.url}/version`)).json()).toMatchObject({ model: null })
      const response = await scoreSample(app)
      expect(response.status).toBe(503)
      expect(response.headers.get('retry-after')).toBe('1')
      expect(await response.json()).toMatchObject({ code: 'not-ready', detail: 'the model is loading' })
    })
  })

  test('when it drains, then it is not ready but still answers', async () => {
    await withApp({}, async (app) => {
      app.service.drain()
      expect((await fetch(`${app.url}/readyz`)).status).toBe(503)
      expect((await scoreSample(app)).status).toBe(200)
    })
  })

  test('when a file of the model was changed, then it does not become ready', async () => {
    const folder = join(await temporaryFolder(), 'changed')
    await cp(sampleBundle, folder, { recursive: true })
    const { manifest } = await readBundle(folder)
    await writeFile(join(folder, manifest.samples[0]!.file), 'another picture')
    await expect(startApp({ pool: { modelFolder: folder } })).rejects.toMatchObject({ code: 'integrity' })
  })

  test('when more requests come than may wait, then the rest get 503 with Retry-After, and none is left without an answer', async () => {
    const folder = join(await temporaryFolder(), 'large')
    // 2048 x 2048 inputs, so that one image takes its time.
    await writeColourBundle(folder, { input: { width: 2048, height: 2048 } })
    await withApp({ pool: { modelFolder: folder, inFlight: 1, queueLimit: 1 } }, async (app) => {
      const responses = await Promise.all(Array.from({ length: 10 }, () => scoreSample(app)))
      const refused = responses.filter(({ status }) => status === 503)
      expect(responses.filter(({ status }) => status === 200).length + refused.length).toBe(10)
      expect(refused.length).toBeGreaterThan(0)
      for (const response of refused) {
        expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
        expect(((await response.json()) as Problem).code).toBe('queue-full')
      }
    })
  })

  test('when a worker throws or dies, then that caller gets an error, the next an answer, and the metric counts', async () => {
    const handlers = new URL('./mortal-handlers.js', import.meta.url)
    await withApp({ pool: { handlers } }, async (app) => {
      const restarts = async () => {
        const text = await (await fetch(`${app.url}/metrics`)).text()
        return Number(/^inference_worker_restarts_total (\d+)$/m.exec(text)?.[1])
      }
      const post = async (body: string) => {
        const headers = { 'content-type': 'image/png' }
        return (await fetch(`${app.url}/score`, { method: 'POST', headers, body })).status
      }
      expect(await post('throw')).toBe(500)
      expect((await scoreSample(app)).status).toBe(200)
      expect(await restarts()).toBe(0)
      expect(await post('die')).toBe(500)
      expect((await scoreSample(app)).status).toBe(200)
      expect(await restarts()).toBe(1)
      expect((await fetch(`${app.url}/healthz`)).status).toBe(200)
    })
  })
})
