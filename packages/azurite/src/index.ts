import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'

export { isAlive } from './is-alive.js'

export interface AzuriteOptions {
  /** The address to listen on; default: 127.0.0.1. */
  host?: string
  /** Where blobs are kept between runs. Without it they live in memory. */
  folder?: string
  /** 0 or nothing: any free port. */
  port?: number
  /** Aborting it while Azurite starts ends the process again; afterwards use `stop()`. */
  signal?: AbortSignal
  /** Called at once when the process exists, long before it listens. */
  onSpawn?: (pid: number) => void
}

export interface Azurite {
  port: number
  /** `azurite://<host>:<port>`; add `/<container>` and it is a model store's URL. */
  url: string
  pid: number
  /** Resolves with a reason when the process ends without having been asked to. */
  died: Promise<string>
  /** Lets Azurite save what it acknowledged (it writes its index every few seconds), then ends it. */
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 3_000

/**
 * Starts Azurite's Blob service, on loopback unless told otherwise, and waits until it listens.
 * It ends when this process ends, however that happens.
 * @throws Error with Azurite's own words when it does not come up, or the signal's reason when that aborts; no process
 * is left in either case
 */
export async function startAzurite(options: AzuriteOptions = {}): Promise<Azurite> {
  options.signal?.throwIfAborted()
  const { host = '127.0.0.1' } = options
  const main = createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js')
  // As a URL: in a path, `--import` would take "#", "?" and "%" for parts of one.
  const followParent = new URL('../dist/follow-parent.js', import.meta.url).href
  const storage = options.folder === undefined ? ['--inMemoryPersistence'] : ['--location', options.folder]
  const child = spawn(
    process.execPath,
    [
      ...['--import', followParent, main],
      ...['--blobHost', host, '--blobPort', String(options.port ?? 0)],
      ...['--silent', '--disableTelemetry', '--skipApiVersionCheck', ...storage],
    ],
    // A process group of its own, so that Ctrl-C reaches it only through stop(), after its users have finished.
    { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], detached: true },
  )
  const ended = new Promise<string>((resolve) => {
    // Not 'exit': its last words may still be in the pipe then.
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
    child.once('error', (error) => {
      if (child.pid === undefined) resolve(error.message)
    })
  })
  if (child.pid !== undefined) options.onSpawn?.(child.pid)

  let stopping = false
  const stop = async () => {
    stopping = true
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await ended
    clearTimeout(timer)
  }
  const port = await listening(child, ended, options.signal).catch(async (error) => {
    await stop()
    throw error
  })
  return {
    port,
    url: `azurite://${host}:${port}`,
    pid: child.pid ?? 0,
    died: new Promise((resolve) => {
      void ended.then((how) => {
        if (!stopping) resolve(`Azurite ended unexpectedly (${how})`)
      })
    }),
    stop,
  }
}

/** Resolves with the port that Azurite prints once it listens. */
function listening(child: ChildProcess, ended: Promise<string>, signal?: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    let printed = ''
    const settle = (how: () => void) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      how()
    }
    const fail = (why: string) =>
      settle(() => reject(new Error(`Azurite did not start: ${why}\n${printed.trim()}`)))
    const abort = () => settle(() => reject(signal?.reason))
    const timer = setTimeout(() => fail(`not listening after ${START_TIMEOUT_MS / 1000} s`), START_TIMEOUT_MS)
    signal?.addEventListener('abort', abort)
    const read = (chunk: Buffer) => {
      printed += chunk
      const match = /(?:successfully listens? on|listening at) http:\/\/[^\s:]+:(\d+)\s/.exec(printed)
      if (match) settle(() => resolve(Number(match[1])))
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    void ended.then((how) => fail(`it ended with ${how}`))
  })
}
