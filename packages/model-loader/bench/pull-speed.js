/**
 * How fast a pull is, against a bare streaming download of the same object with SHA-256, in one run on loopback.
 *   node bench/pull-speed.js [--quick]
 * Build first. The S3 side needs a server that speaks S3: its URL in AWS_ENDPOINT_URL_S3, with a bucket named `bench`.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startAzurite } from '@repo/azurite'
import { writeManifest } from '@repo/model-bundle'
import { openStore, publishModel, pullModel } from '../dist/index.js'

const MB = 1_000_000
const ROUNDS = 3
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]

/**
 * @param {{ megabytes?: number, s3?: { url: string, endpoint: string } }} options 256 MB by default; S3 only where given
 * @returns {Promise<object[]>} one row for each store: MB/s of both, their ratio (the bar is 0.8), megabytes of memory
 * that the pull took more than the start, milliseconds and requests of a warm pull (the bar: 150 ms and one)
 */
export async function benchPull({ megabytes = 256, s3 } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'pull-speed-'))
  const azurite = await startAzurite({ folder: join(folder, 'azurite') })
  try {
    const bundle = await makeBundle(join(folder, 'bundle'), megabytes)
    const stores = [['Azure Blob (Azurite)', () => openStore(`${azurite.url}/bench`)]]
    if (s3) stores.push(['S3', () => openStore(s3.url, { s3Endpoint: s3.endpoint })])
    const rows = []
    for (const [name, make] of stores)
      rows.push({ store: name, ...(await measure(make, bundle, folder, megabytes)) })
    return rows
  } finally {
    await azurite.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function measure(make, bundle, folder, megabytes) {
  await publishModel(make(), bundle)
  const bare = []
  const pull = []
  let grown = 0
  const target = join(folder, 'model')
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await seconds(() => bareDownload(make(), megabytes * MB)))
    await rm(target, { recursive: true, force: true })
    const before = process.memoryUsage.rss()
    const timer = setInterval(() => {
      grown = Math.max(grown, process.memoryUsage.rss() - before)
    }, 10)
    pull.push(await seconds(() => pullModel(make(), 'bench', target)))
    clearInterval(timer)
  }
  const counted = counting(make())
  const warm = await seconds(() => pullModel(counted.store, 'bench', target))
  await rm(target, { recursive: true, force: true })
  const [bareMBs, pullMBs] = [megabytes / median(bare), megabytes / median(pull)]
  return {
    megabytes,
    bareMBs: Math.round(bareMBs),
    pullMBs: Math.round(pullMBs),
    ratio: Number((pullMBs / bareMBs).toFixed(2)),
    grownMB: Math.round(grown / MB),
    warmMs: Math.round(warm * 1000),
    warmRequests: counted.requests.length,
  }
}

/** One request, one stream, nothing written: what the emulator, the client and SHA-256 allow. */
async function bareDownload(store, bytes) {
  const hash = createHash('sha256')
  for await (const chunk of store.readRange('bench/1.0.0/weights.bin', 0, bytes)) hash.update(chunk)
  return hash.digest('hex')
}

/** Every method of a store is one request or more; a pull with nothing to do uses only `read`. */
function counting(store) {
  const requests = []
  const proxy = new Proxy(store, {
    get(target, name) {
      const value = target[name]
      if (typeof value !== 'function') return value
      return (...args) => {
        requests.push(`${String(name)} ${args[0]}`)
        return value.apply(target, args)
      }
    },
  })
  return { store: proxy, requests }
}

async function seconds(body) {
  const from = performance.now()
  await body()
  return (performance.now() - from) / 1000
}

async function makeBundle(folder, megabytes) {
  const { mkdir, writeFile } = await import('node:fs/promises')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'model.onnx'), 'a model')
  await writeFile(join(folder, 'labels.txt'), 'yes\nno\n')
  const weights = await open(join(folder, 'weights.bin'), 'w')
  for (let at = 0; at < megabytes; at++) await weights.write(randomBytes(MB))
  await weights.close()
  await writeManifest(folder, {
    schemaVersion: '1.0',
    ...{
      name: 'bench',
      version: '1.0.0',
      task: 'image-classification',
      model: 'model.onnx',
      labels: 'labels.txt',
    },
    input: {
      ...{ name: 'input', dtype: 'float32', layout: 'NCHW', width: 28, height: 28, channels: 'gray' },
      ...{ resize: { mode: 'squash' }, scale: '0..1', invert: false },
    },
    output: { name: 'output', kind: 'logits' },
    ...{ samples: [], source: 'made by a benchmark', license: 'MIT', createdAt: new Date().toISOString() },
  })
  return folder
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // biome-ignore lint/style/noProcessEnv: a script's own argument
  const endpoint = process.env.AWS_ENDPOINT_URL_S3
  const megabytes = process.argv.includes('--quick') ? 256 : 1000
  console.table(await benchPull({ megabytes, ...(endpoint ? { s3: { url: 's3://bench', endpoint } } : {}) }))
}
