import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { render } from './helpers/helm.js'
import { OPTIONS } from './helpers/options.js'

const newFolder = temporaryFolders()
const commands = async (values: object, name: string) =>
  (await render({ values })).get('Pod', name).spec!.containers.map(({ command }) => command!)

test('when helm test runs, then a hook asks the Service with the tools of the image itself', async () => {
  const { metadata, spec } = (await render()).get('Pod', 'inference-test-stable')
  expect(metadata!.annotations).toMatchObject({
    'helm.sh/hook': 'test',
    'helm.sh/hook-delete-policy': 'before-hook-creation,hook-succeeded',
  })
  expect(spec!.restartPolicy).toBe('Never')
  const [golden, conformance] = spec!.containers
  expect(golden!.command!.slice(-3)).toEqual(['http://inference:80', '/app/model', '1'])
  expect(conformance!.command).toEqual(['node', '/app/bin/oip-conformance.js', 'http://inference:80'])
  const { selector } = (await render()).get('Service').spec!
  expect(metadata!.labels).not.toMatchObject(selector!)
})

test('when there is a canary, then each track is tested by itself, with its own image', async () => {
  const rendered = await render({ values: OPTIONS.canary })
  for (const track of ['stable', 'canary']) {
    const deployment = track === 'stable' ? 'inference' : 'inference-canary'
    for (const { image, command } of rendered.get('Pod', `inference-test-${track}`).spec!.containers) {
      expect(image).toBe(rendered.app(deployment).image)
      expect(command).toContain(`http://inference-${track}:80`)
    }
  }
})

test('when the model is pulled, then the test pulls it too, and when there is a front, it is tested', async () => {
  const pulled = await render({ values: OPTIONS['pulled model'] })
  const { spec } = pulled.get('Pod', 'inference-test-stable')
  const wait = expect.objectContaining({ name: 'wait-for-service' })
  expect(spec!.initContainers).toEqual([...pulled.podSpec().initContainers!, wait])
  expect(spec!.containers[0]!.command).toContain('/app/model/pulled')
  const [golden] = await commands(OPTIONS['model endpoint'], 'inference-test-front')
  expect(golden).toContain('http://inference-front:80')
})

test('when callers need keys, then samples and conformance checks are sent with one', async () => {
  const { containers } = (await render({ values: OPTIONS['API keys'] })).get('Pod', 'inference-test-stable')
    .spec!
  expect(containers.map(({ name }) => name)).toEqual(['golden-samples', 'oip-conformance'])
  const secretKeyRef = { name: 'inference', key: 'API_KEYS' }
  expect(containers.map(({ env }) => env)).toMatchObject([
    [{ name: 'API_KEYS', valueFrom: { secretKeyRef } }],
    [{ name: 'OIP_API_KEY', valueFrom: { secretKeyRef } }],
  ])
})

describe('the golden samples', () => {
  const KEY = '0123456789abcdef'
  /** Takes every image for what its bytes say. */
  const server = createServer(async (request: IncomingMessage, response) => {
    const label = Buffer.concat(await request.toArray()).toString()
    if (request.headers.authorization !== `Bearer ${KEY}`) response.statusCode = 401
    response.end(JSON.stringify({ result: [[[[label, 97.5]]], 'Computed in 1 ms'] }))
  })
  let url: string
  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.close()
  })

  /** Runs the rendered command, with the samples `true label -> what the server takes it for`. */
  async function run(samples: [string, string][], minAccuracy = 1, key = KEY) {
    const folder = await newFolder()
    await mkdir(join(folder, 'samples'))
    const listed = samples.map(([label], index) => ({ file: `samples/${index}.png`, label }))
    await Promise.all(samples.map(([, got], i) => writeFile(join(folder, listed[i]!.file), got)))
    const manifest = { name: 'clothes', version: '2.0.0', samples: listed }
    await writeFile(join(folder, 'model.json'), JSON.stringify(manifest))
    const [golden] = await commands({ tests: { minAccuracy } }, 'inference-test-stable')
    const args = [...golden!.slice(1, -3), url, folder, golden!.at(-1)!]
    return new Promise<{ code: unknown; printed: string }>((resolve) => {
      execFile(process.execPath, args, { env: { API_KEYS: `${key}, another` } }, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, printed: stdout + stderr }),
      )
    })
  }

  test('when all get their label, then it succeeds and says so', async () => {
    const { code, printed } = await run([
      ['Coat', 'Coat'],
      ['Bag', 'Bag'],
    ])
    expect(printed).toContain('clothes 2.0.0: 2 of 2 golden samples got their label')
    expect(code).toBe(0)
  })

  test('when one does not, then it fails and names it, unless fewer are asked for', async () => {
    const samples: [string, string][] = [
      ['Coat', 'Coat'],
      ['Bag', 'Coat'],
    ]
    const strict = await run(samples)
    expect(strict).toMatchObject({
      code: 1,
      printed: expect.stringContaining('Bag was taken for Coat (97.5 %)'),
    })
    expect(await run(samples, 0.5)).toMatchObject({ code: 0 })
  })

  test('when the service refuses, or there are no samples, then it fails', async () => {
    const refused = await run([['Coat', 'Coat']], 1, 'another-key-of-16')
    expect(refused).toMatchObject({ code: 1, printed: expect.stringContaining('answered 401') })
    expect(await run([])).toMatchObject({ code: 1 })
  })
})

test('when a service takes no requests yet, then the checks wait for it', async () => {
  const server = createServer((_, response) => response.end())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const [wait] = (await render()).get('Pod', 'inference-test-stable').spec!.initContainers!
  const waiting = execFile(process.execPath, [...wait!.command!.slice(1, -1), `http://127.0.0.1:${port}`])
  const ended = once(waiting, 'exit')
  await sleep(700)
  expect(waiting.exitCode).toBeNull()
  server.listen(port, '127.0.0.1')
  expect(await ended).toEqual([0, null])
  server.close()
})
