import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { childEnvironment } from '../env.js'

/** How to start one of the servers that are compared. */
export interface Launch {
  command: string
  args: string[]
  environment?: Record<string, string>
  /** Answers 200 once the model is served. */
  readyPath: string
  healthPath: string
}

/** A server that has answered its first request well. */
export interface RunningServer {
  pid: number
  scoreUrl: string
  healthUrl: string
  /** Milliseconds from the process' start to its first good answer. */
  coldStartMs: number
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 60_000
const POLL_MS = 5

/** @throws Error with the server's last words when it does not answer */
export async function startServer(
  launch: (port: number) => Launch,
  bodyFile: string,
): Promise<RunningServer> {
  const port = await freePort()
  const { command, args, environment, readyPath, healthPath } = launch(port)
  const origin = `http://127.0.0.1:${port}`
  const body = await readFile(bodyFile)
  const start = performance.now()
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: childEnvironment(environment),
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output = `${output}${chunk}`.slice(-2_000)
    })
  }
  const stop = stopper(child)
  try {
    await untilGood(child, () => fetch(origin + readyPath))
    const headers = { 'content-type': 'application/json' }
    await untilGood(child, () => fetch(`${origin}/score`, { method: 'POST', headers, body }))
  } catch (error) {
    await stop()
    throw new Error(`${(error as Error).message}: ${output.trim()}`)
  }
  return {
    pid: child.pid as number,
    scoreUrl: `${origin}/score`,
    healthUrl: origin + healthPath,
    coldStartMs: performance.now() - start,
    stop,
  }
}

async function untilGood(child: ChildProcess, ask: () => Promise<Response>): Promise<void> {
  const giveUp = performance.now() + START_TIMEOUT_MS
  while (performance.now() < giveUp) {
    if (child.exitCode !== null || child.pid === undefined) throw new Error('the server ended')
    const isGood = await ask().then(
      async (response) => {
        await response.arrayBuffer()
        return response.status === 200
      },
      () => false,
    )
    if (isGood) return
    await sleep(POLL_MS)
  }
  throw new Error('the server does not answer')
}

/** Nothing that was started here outlives this process. */
function stopper(child: ChildProcess): () => Promise<void> {
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  // Not 'close': a child of its own that has outlived it would hold its output open.
  const ended = once(child, 'exit').catch(() => {})
  return async () => {
    child.kill('SIGTERM')
    const timer = setTimeout(kill, 15_000)
    if (child.pid !== undefined) await ended
    clearTimeout(timer)
    process.off('exit', kill)
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
