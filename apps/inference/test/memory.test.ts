import { readFileSync } from 'node:fs'
import { afterAll, expect, test } from '@jest/globals'
import { startProcess, whenReady } from './process.js'

const MAX_GROWTH_BYTES = 128 * 1024 * 1024

const app = startProcess({ WORKERS: '1' })
afterAll(async () => {
  app.child.kill('SIGTERM')
  await app.ended
})

/** The most memory that the process has ever had, in bytes; undefined where the system does not tell. */
function peakBytes(): number | undefined {
  if (process.platform !== 'linux') return undefined
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${app.child.pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) * 1024
}

const FORM = 'multipart/form-data; boundary=x'
const JSON_TYPE = 'application/json'
const tensor = (data: string) =>
  `{"inputs":[{"name":"input","shape":[1,1,28,28],"datatype":"FP32","data":[${data}0]}]}`

/** Bodies within the limit of 16 MB that stand for hundreds of megabytes. */
const BOMBS: [string, string, () => string][] = [
  ['/score', FORM, () => '--x\r\n'.repeat(3_000_000)],
  ['/score', JSON_TYPE, () => `{"input":[${'{},'.repeat(5_000_000)}0]}`],
  ['/score', JSON_TYPE, () => `{"input":[${'[],'.repeat(5_000_000)}0]}`],
  ['/score', JSON_TYPE, () => `{"input":[${'0,'.repeat(8_000_000)}0]}`],
  ['/score', JSON_TYPE, () => JSON.stringify({ input: `[${'{},'.repeat(5_000_000)}0]` })],
  ['/v2/models/fashion-mnist/infer', JSON_TYPE, () => tensor('[],'.repeat(5_000_000))],
  ['/v2/models/fashion-mnist/infer', JSON_TYPE, () => tensor('0,'.repeat(8_000_000))],
]

test('when bodies come that would take far more memory than their size, then they are refused before', async () => {
  const url = await whenReady(app)
  const post = (path: string, contentType: string, body: string) =>
    fetch(url + path, { method: 'POST', headers: { 'content-type': contentType }, body })
  // What a large body takes anyway.
  for (let round = 0; round < 3; round++) await post('/score', JSON_TYPE, `"${'a'.repeat(16_000_000)}"`)
  const before = peakBytes()
  for (const [path, contentType, body] of [...BOMBS, ...BOMBS]) {
    const response = await post(path, contentType, body())
    expect([400, 413]).toContain(response.status)
    await response.text()
  }
  const after = peakBytes()
  if (before !== undefined && after !== undefined) expect(after - before).toBeLessThan(MAX_GROWTH_BYTES)
}, 120_000)
