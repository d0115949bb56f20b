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
import type { ClientResult } from './client-process.js'
import { writeLargeBundle } from './model.js'

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
  const bundle = join(workFolder, 'pull-bundle')
  await writeLargeBundle(bundle, megabytes)
  const azurite = await startAzurite({ folder: join(workFolder, 'azurite') })
  const s3 = spawn(process.execPath, [script('./s3-process.js')], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [line] = (await once(s3.stdout, 'data')) as [Buffer]
    const environment = { ...S3_ENV, AWS_ENDPOINT_URL_S3: line.toString().trim() }
    return [
      await measure('Azure Blob (Azurite)', `${azurite.url}/${BUCKET}`, {}, bundle, options),
      await measure('S3 (stand-in)', `s3://${BUCKET}`, environment, bundle, options),
    ]
  } finally {
    s3.kill('SIGKILL')
    await azurite.stop()
    await rm(bundle, { recursive: true, force: true })
  }
}

async function measure(
  store: string,
  url: string,
  environment: Record<string, string>,
  bundle: string,
  { megabytes, repetitions, workFolder, say }: PullOptions,
): Promise<PullResult> {
  const target = join(workFolder, 'pulled')
  const client = async (way: 'bare' | 'pull'): Promise<ClientResult> => {
    const args = [script('./client-process.js'), way, url, target, String(megabytes * 1_000_000)]
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      env: childEnvironment(environment),
    })
    return JSON.parse(stdout)
  }
  say(`pull: ${store}, ${megabytes} MB`)
  const publish = [script('./publish-process.js'), url, bundle]
  await promisify(execFile)(process.execPath, publish, { env: childEnvironment(environment) })
  const bare: number[] = []
  const pull: number[] = []
  let growth = 0
  for (let round = 0; round < repetitions; round++) {
    bare.push(megabytes / (await client('bare')).seconds)
    await rm(target, { recursive: true, force: true })
    const result = await client('pull')
    pull.push(megabytes / result.seconds)
    growth = Math.max(growth, result.growth)
  }
  const warm = await client('pull')
  await rm(target, { recursive: true, force: true })
  return {
    store,
    megabytes,
    bare: spread(bare),
    pull: spread(pull),
    growth,
    warmMs: warm.seconds * 1000,
    warmRequests: warm.requests,
  }
}
