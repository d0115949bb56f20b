import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startAzurite } from '@repo/azurite'
import { S3_ENV } from '@repo/testing/s3-stand-in'
import { childEnvironment } from '../env.js'
import type { PullResult } from '../results.js'
import { spread } from '../stats.js'
import type { ClientResult, Way } from './client-process.js'
import { MODEL, TINY_MODEL, writeNoiseBundle } from './model.js'

export const BUCKET = 'models'

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url))

export interface PullOptions {
  megabytes: number
  repetitions: number
  workFolder: string
  say(line: string): void
}

/** Pulls from Azurite and from the S3 stand-in. Server and client are processes of their own. */
export async function measurePulls(options: PullOptions): Promise<PullResult[]> {
  const { megabytes, workFolder } = options
  const bundles = [join(workFolder, 'tiny-bundle'), join(workFolder, 'pull-bundle')] as const
  await writeNoiseBundle(bundles[0], TINY_MODEL, 0)
  await writeNoiseBundle(bundles[1], MODEL, megabytes)
  const azurite = await startAzurite({ folder: join(workFolder, 'azurite') })
  const s3 = spawn(process.execPath, [script('./s3-process.js')], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [line] = (await once(s3.stdout, 'data')) as [Buffer]
    const environment = { ...S3_ENV, AWS_ENDPOINT_URL_S3: line.toString().trim() }
    return [
      await measure('Azure Blob (Azurite)', `${azurite.url}/${BUCKET}`, {}, bundles, options),
      await measure('S3 (stand-in)', `s3://${BUCKET}`, environment, bundles, options),
    ]
  } finally {
    s3.kill('SIGKILL')
    await azurite.stop()
    for (const bundle of bundles) await rm(bundle, { recursive: true, force: true })
  }
}

async function measure(
  store: string,
  url: string,
  environment: Record<string, string>,
  bundles: readonly string[],
  { megabytes, repetitions, workFolder, say }: PullOptions,
): Promise<PullResult> {
  const target = join(workFolder, 'pulled')
  const client = async (way: Way): Promise<ClientResult> => {
    if (way !== 'fresh') await rm(target, { recursive: true, force: true })
    const args = [script('./client-process.js'), way, url, target, String(megabytes * 1_000_000)]
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      env: childEnvironment(environment),
    })
    return JSON.parse(stdout)
  }
  say(`pull: ${store}, ${megabytes} MB`)
  for (const bundle of bundles) {
    const publish = [script('./publish-process.js'), url, bundle]
    await promisify(execFile)(process.execPath, publish, { env: childEnvironment(environment) })
  }
  const milliseconds: Record<Way, number[]> = { bare: [], file: [], pull: [], fresh: [] }
  const pulls: ClientResult[] = []
  for (let round = 0; round < repetitions; round++) {
    // `fresh` finds what `pull` has brought.
    for (const way of ['bare', 'file', 'pull', 'fresh'] as const) {
      const result = await client(way)
      milliseconds[way].push(result.seconds * 1000)
      if (way === 'pull') pulls.push(result)
    }
  }
  await rm(target, { recursive: true, force: true })
  const speed = (way: Way) => spread(milliseconds[way].map((ms) => (megabytes * 1000) / ms))
  return {
    store,
    megabytes,
    bare: speed('bare'),
    file: speed('file'),
    pull: speed('pull'),
    growth: Math.max(...pulls.map(({ growth }) => growth)),
    warmMs: spread(pulls.map(({ warmMs }) => warmMs)),
    freshMs: spread(milliseconds.fresh),
    warmRequests: Math.max(...pulls.map(({ warmRequests }) => warmRequests)),
  }
}
