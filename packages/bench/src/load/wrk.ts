import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { childEnvironment } from '../env.js'

/** What a number of clients, each sending its next request when it has its answer, got in some seconds. */
export interface Load {
  requestsPerSecond: number
  /** Milliseconds. */
  p50: number
  p99: number
  /** Answers with another status than 200, and connections that broke or waited for more than a minute. */
  failures: number
}

const script = fileURLToPath(new URL('../../score.lua', import.meta.url))

/** Whether the load generator is there. */
export function hasWrk(): boolean {
  return spawnSync('wrk', ['--version']).error === undefined
}

/** @param bodyFile holds the request's body */
export async function wrk(
  url: string,
  bodyFile: string,
  concurrency: number,
  seconds: number,
): Promise<Load> {
  // wrk knows whole seconds only.
  const whole = Math.max(1, Math.round(seconds))
  const args = ['--threads=1', `--connections=${concurrency}`, `--duration=${whole}s`, '--timeout=60s']
  const { stdout } = await promisify(execFile)('wrk', [...args, '--latency', '--script', script, url], {
    env: childEnvironment({ BENCH_BODY: bodyFile }),
  })
  const line = /^BENCH (.*)$/m.exec(stdout)?.[1]
  if (line === undefined) throw new Error(`wrk said nothing that is understood here: ${stdout}`)
  const found = JSON.parse(line) as Record<
    'requests' | 'microseconds' | 'p50' | 'p99' | 'refused' | 'broken',
    number
  >
  return {
    requestsPerSecond: ((found.requests - found.refused) / found.microseconds) * 1e6,
    p50: found.p50 / 1000,
    p99: found.p99 / 1000,
    failures: found.refused + found.broken,
  }
}
