import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { get } from 'node:http'
import { afterAll } from '@jest/globals'
import { launch } from '../src/launch.js'
import { sampleBundle } from './support.js'

/** The app as a process of its own. */
export interface AppProcess {
  child: ChildProcess
  /** What it has printed so far. */
  output(): string
  /** Resolves with the port once the log says it. */
  port: Promise<number>
  ended: Promise<{ code: number | null; signal: string | null }>
}

/** Processes that run. One that a failed test has left would keep Jest from ending. */
const running = new Set<ChildProcess>()
afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts the built app as the container does, with the sample model on a free port. */
export function startProcess(env: Record<string, string>): AppProcess {
  const child = spawn(process.execPath, [...launch.nodeArguments, launch.main], {
    env: {
      ...launch.environment,
      HOST: '127.0.0.1',
      PORT: '0',
      MODEL_DIR: sampleBundle,
      WORKERS: '1',
      SHUTDOWN_DELAY_MS: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  let output = ''
  const port = new Promise<number>((resolve) => {
    const read = (chunk: Buffer) => {
      output += chunk
      const match = /"port":(\d+)/.exec(output)
      if (match) resolve(Number(match[1]))
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
  })
  const ended = once(child, 'close').then(([code, signal]) => {
    running.delete(child)
    return { code, signal }
  })
  return { child, output: () => output, port, ended }
}

/** Resolves with the app's URL once it can answer. Leaves no connection open. */
export async function whenReady(app: AppProcess): Promise<string> {
  const url = `http://127.0.0.1:${await app.port}`
  while ((await status(`${url}/readyz`)) !== 200) await new Promise((resolve) => setTimeout(resolve, 20))
  return url
}

/** The status of a GET on a connection of its own. */
function status(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const req = get(url, { agent: false }, (res) => {
      res.resume()
      res.once('close', () => resolve(res.statusCode))
    })
    req.once('error', reject)
  })
}

/** Resident memory of the app's process in bytes; undefined where there is no /proc. */
export function residentBytes(app: AppProcess): number | undefined {
  try {
    const status = readFileSync(`/proc/${app.child.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024
  } catch {
    return undefined
  }
}
