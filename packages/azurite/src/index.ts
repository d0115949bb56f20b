import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

export interface AzuriteOptions {
  /** Where blobs are kept between runs. Without it they live in memory. */
  folder?: string
  /** 0 or nothing: any free port. */
  port?: number
}

export interface Azurite {
  port: number
  /** `azurite://127.0.0.1:<port>`; add `/<container>` and it is a model store's URL. */
  url: string
  pid: number
  /** Resolves with a reason when the process ends without having been asked to. */
  died: Promise<string>
  /** Lets Azurite save what it acknowledged (it writes its index every few seconds), then ends it. */
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 5_000

/**
 * Starts Azurite's Blob service on loopback and waits until it listens.
 * It ends when this process ends, however that happens.
 * @throws Error with Azurite's own words when it does not come up
 */
export async function startAzurite(options: AzuriteOptions = {}): Promise<Azurite> {
  const main = createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js')
  const followParent = fileURLToPath(new URL('../dist/follow-parent.js', import.meta.url))
  const storage = options.folder === undefined ? ['--inMemoryPersistence'] : ['--location', options.folder]
  const child = spawn(
    process.execPath,
    [
      ...['--import', followParent, main],
      ...['--blobHost', '127.0.0.1', '--blobPort', String(options.port ?? 0)],
      ...['--silent', '--disableTelemetry', '--skipApiVersionCheck', ...storage],
    ],
    // A process group of its own, so that Ctrl-C reaches it only through stop(), after its users have finished.
    { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], detached: true },
  )
  const exited = once(child, 'exit')
  const port = await listening(child).catch(async (error) => {
    child.kill('SIGKILL')
    throw error
  })
  let stopping = false
  return {
    port,
    url: `azurite://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    died: new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        if (!stopping) resolve(`Azurite ended unexpectedly (${signal ?? `exit code ${code}`})`)
      })
    }),
    async stop() {
      stopping = true
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
      await exited
      clearTimeout(timer)
    },
  }
}

/** Resolves with the port that Azurite prints once it listens. */
function listening(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let printed = ''
    const fail = (why: string) => {
      clearTimeout(timer)
      reject(new Error(`Azurite did not start: ${why}\n${printed.trim()}`))
    }
    const timer = setTimeout(() => fail(`not listening after ${START_TIMEOUT_MS / 1000} s`), START_TIMEOUT_MS)
    const read = (chunk: Buffer) => {
      printed += chunk
      const match =
        /successfully listens? on http:\/\/127\.0\.0\.1:(\d+)|listening at http:\/\/127\.0\.0\.1:(\d+)/.exec(
          printed,
        )
      if (!match) return
      clearTimeout(timer)
      resolve(Number(match[1] ?? match[2]))
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('error', (error) => fail(error.message))
    child.once('exit', (code, signal) => fail(`it ended with ${signal ?? `exit code ${code}`}`))
  })
}
