import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createSocket } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { launch } from '@repo/inference/launch'
import { temporaryFolders } from '@repo/testing'
import { processEnv } from './env.js'
import { root, run, scripts } from './support.js'

const temporaryFolder = temporaryFolders()
const MODEL = join(root, 'packages/sample-model/bundles/fashion-mnist/2.0.0')

const pod = { metadata: { name: 'canary-1' }, status: { phase: 'Running' } }

/** Checks a canary whose only "pod" listens on this port: what kubectl would run inside it runs here. */
async function check(port: number, settings: Record<string, string> = {}, pods: object[] = [pod]) {
  const folder = await temporaryFolder()
  const kubectl = join(folder, 'kubectl')
  const body = `shift 2 # --namespace <name>
case $1 in
  get) echo '${JSON.stringify({ items: pods })}' ;;
  exec) shift 3; PORT=${port} MODEL_DIR='${MODEL}' exec "$@" ;;
esac`
  await writeFile(kubectl, `#!/usr/bin/env bash\n${body}\n`)
  await chmod(kubectl, 0o755)
  const env = {
    KUBECTL: kubectl,
    HELM: 'true',
    OUT_DIR: join(folder, 'out'),
    NAMESPACE: 'test',
    WATCH_SECONDS: '0',
    ...settings,
  }
  const { status, stderr } = await run([join(scripts, 'canary-check.sh')], env)
  const read = async () => (await readFile(join(folder, 'out/outputs.env'), 'utf8')).trim().split('\n')
  return { status, stderr, outputs: await read().catch(() => []) }
}

async function freePort(): Promise<number> {
  const socket = createSocket().listen(0, '127.0.0.1')
  await new Promise((resolve) => socket.once('listening', resolve))
  const { port } = socket.address() as AddressInfo
  await new Promise((resolve) => socket.close(resolve))
  return port
}

describe('with the real app', () => {
  let app: ChildProcess
  let port: number

  beforeEach(async () => {
    port = await freePort()
    const env = {
      ...processEnv,
      ...launch.environment,
      PORT: String(port),
      HOST: '127.0.0.1',
      MODEL_DIR: MODEL,
      LOG_LEVEL: 'silent',
    }
    app = spawn('node', [...launch.nodeArguments, launch.main], { env, stdio: 'ignore' })
    const isReady = () =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        (answer) => answer.ok,
        () => false,
      )
    while (!(await isReady())) await new Promise((resolve) => setTimeout(resolve, 50))
  })

  afterEach(async () => {
    app.kill()
    await new Promise((resolve) => app.once('close', resolve))
  })

  test('when a good canary is checked, then it passes, with its own requests counted', async () => {
    const { status, stderr, outputs } = await check(port, { REQUESTS: '25', MAX_P95_SECONDS: '30' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining('the canary is well') })
    expect(outputs).toEqual(
      expect.arrayContaining([
        'canaryRequests=25',
        'canaryErrorRate=0.0000',
        expect.stringMatching(/^canaryP95Seconds=[\d.]+$/),
      ]),
    )
  })
})

describe('with canned metrics', () => {
  let server: Server
  let metrics = ''

  beforeEach(async () => {
    server = createServer((req, res) => {
      req.resume().on('end', () => res.end(req.url === '/metrics' ? metrics : '{}'))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve))
  })

  /** @param slow requests between 1 and 5 seconds, of 100 */
  const told = ({ errors = 0, slow = 0 }) => `
http_requests_total{method="GET",route="/readyz",status="503"} 70
http_requests_total{method="POST",route="/score",status="200"} ${60 - errors}
http_requests_total{method="POST",route="/score",status="500"} ${errors}
http_requests_total{method="POST",route="/v2/models/:model/infer",status="200"} 40
http_request_duration_seconds_bucket{le="0.1",method="POST",route="/score",status="200"} ${60 - slow}
http_request_duration_seconds_bucket{le="5",method="POST",route="/score",status="200"} 60
http_request_duration_seconds_bucket{le="+Inf",method="POST",route="/score",status="200"} 60
http_request_duration_seconds_bucket{le="0.1",method="POST",route="/v2/models/:model/infer",status="200"} 40
http_request_duration_seconds_bucket{le="5",method="POST",route="/v2/models/:model/infer",status="200"} 40
http_request_duration_seconds_bucket{le="+Inf",method="POST",route="/v2/models/:model/infer",status="200"} 40
`
  const port = () => (server.address() as AddressInfo).port

  test('when few requests failed and few were slow, then it passes; probes do not count', async () => {
    metrics = told({ errors: 1, slow: 5 })
    const { status, outputs } = await check(port())
    expect({ status, outputs }).toEqual({
      status: 0,
      outputs: ['canaryRequests=100', 'canaryErrorRate=0.0100', 'canaryP95Seconds=0.1'],
    })
  })

  test('when too many requests failed, then it fails', async () => {
    metrics = told({ errors: 2 })
    const { status, stderr } = await check(port())
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining("2 of the canary's 100 requests failed"),
    })
  })

  test('when too many requests were slow, then it fails', async () => {
    metrics = told({ slow: 6 })
    const { status, stderr } = await check(port())
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining('took up to 5 s, and 1 s are allowed'),
    })
  })

  test('when nothing was answered, then that is no good sign', async () => {
    metrics = ''
    expect(await check(port())).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('nothing is known of it'),
    })
  })

  test('when the only canary is ending, then the check says so', async () => {
    expect(
      await check(port(), {}, [{ ...pod, metadata: { ...pod.metadata, deletionTimestamp: 'now' } }]),
    ).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('no canary running'),
    })
  })

  test('when a limit is no number, then the check says so', async () => {
    const { stderr } = await check(port(), { MAX_ERROR_RATE: '1 %' })
    expect(stderr).toContain('MAX_ERROR_RATE must be a number such as 0.5, and is: 1 %')
  })
})
