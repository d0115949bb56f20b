import { spawn } from 'node:child_process'
import { isIPv6 } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { launch } from '@repo/inference/launch'
import { killGroup, type Lifetime } from './lifetime.js'

export interface AppOptions {
  /** The built entry point. */
  main: string
  host: string
  port: number
  modelFolder: string
  environment: NodeJS.ProcessEnv
  lifetime: Lifetime
  /** Gets what the app prints once it is ready; before that it is kept for the error, should it fail. */
  onOutput(chunk: Buffer): void
}

export interface AppEnd {
  /** Such as `exit code 1`. */
  how: string
  /** The last of what it printed. */
  lastOutput: string
  /** Somebody else had its port. */
  portTaken: boolean
}

export interface App {
  /** Where to reach it from this machine. */
  url: string
  /** Resolves when the process has ended, for whatever reason. */
  ended: Promise<AppEnd>
  /** Resolves when it answers 200 at /readyz; with its end when it ends instead, or with what it is worth as one. */
  ready(): Promise<AppEnd | undefined>
  /** Asks it to end, and ends it after `graceMs`. */
  stop(graceMs?: number): Promise<void>
}

const READY_TIMEOUT_MS = 120_000
const READY_POLL_MS = 50
const STOP_GRACE_MS = 4_500
const KEPT_OUTPUT_CHARACTERS = 4_000

/** Starts the app as a child that ends with this process, however that ends. */
export function startApp(options: AppOptions): App {
  const { host, port, lifetime } = options
  lifetime.signal.throwIfAborted()
  const child = spawn(
    process.execPath,
    [
      ...launch.nodeArguments,
      ...['--enable-source-maps', '--import', import.meta.resolve('@repo/azurite/follow-parent')],
      options.main,
    ],
    {
      // A process group of its own, so that Ctrl-C reaches it only through stop(), and before the emulator.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Nobody balances load here, so nobody has to be told before it stops; and it ends itself before we do it.
      env: {
        SHUTDOWN_DELAY_MS: '0',
        SHUTDOWN_GRACE_MS: '4000',
        ...launch.environment,
        ...options.environment,
        HOST: host,
        PORT: String(port),
        MODEL_DIR: options.modelFolder,
      },
    },
  )
  const forget = child.pid === undefined ? () => {} : lifetime.track(child.pid)

  let output = ''
  let isReady = false
  const read = (chunk: Buffer) => {
    output = `${output}${chunk}`.slice(-KEPT_OUTPUT_CHARACTERS)
    if (isReady) options.onOutput(chunk)
  }
  child.stdout?.on('data', read)
  child.stderr?.on('data', read)

  const ended = new Promise<AppEnd>((resolve) => {
    const end = (how: string) => {
      forget()
      resolve({ how, lastOutput: output.trim(), portTaken: output.includes('EADDRINUSE') })
    }
    child.once('error', (error) => end(error.message))
    // What it has started must not outlive it, nor hold its pipes open.
    child.once('exit', () => child.pid !== undefined && killGroup(child.pid))
    // Not 'exit': its last words may still be in the pipe then.
    child.once('close', (code, signal) => end(signal ?? `exit code ${code}`))
  })

  const url = `http://${reachable(host)}:${port}`
  return {
    url,
    ended,
    async ready() {
      const controller = new AbortController()
      const answered = untilReady(url, AbortSignal.any([controller.signal, lifetime.signal]))
      try {
        const end = await Promise.race([ended, answered.then(() => undefined)])
        isReady = end === undefined
        return end
      } catch (error) {
        lifetime.signal.throwIfAborted()
        return { how: (error as Error).message, lastOutput: output.trim(), portTaken: false }
      } finally {
        controller.abort()
        answered.catch(() => {})
      }
    },
    async stop(graceMs = STOP_GRACE_MS) {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.pid !== undefined && killGroup(child.pid), graceMs)
      await ended
      clearTimeout(timer)
    },
  }
}

async function untilReady(url: string, signal: AbortSignal): Promise<void> {
  const giveUp = Date.now() + READY_TIMEOUT_MS
  while (Date.now() < giveUp) {
    signal.throwIfAborted()
    const answer = await fetch(`${url}/readyz`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]),
    })
      .then(async (response) => {
        await response.body?.cancel()
        return response.ok
      })
      .catch(() => false)
    if (answer) return
    await sleep(READY_POLL_MS, undefined, { signal })
  }
  throw new Error(`not ready after ${READY_TIMEOUT_MS / 1000} s`)
}

/** A server on all addresses is reached at loopback's. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return isIPv6(host) ? `[${host}]` : host
}
