import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { launcherEnvironment } from './env.js'

/** The checkout's top folder. */
export const root = fileURLToPath(new URL('../../..', import.meta.url))

export interface Launcher {
  pid: number
  /** All that it has printed so far. */
  output(): string
  /** Resolves when it has printed this; rejects with its output when it ends before. */
  printed(text: string | RegExp): Promise<RegExpExecArray>
  /** Resolves with its exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>
  kill(signal: NodeJS.Signals): void
  /** Ctrl-C, and waits for the end. */
  stop(): Promise<number | NodeJS.Signals>
}

export interface LaunchOptions {
  stateFolder: string
  args?: string[]
  environment?: Record<string, string>
  /** Default: the state folder. */
  cwd?: string
  /** Default: this checkout. */
  checkout?: string
  bin?: 'start' | 'dev'
}

const started: ChildProcess[] = []

/** Runs the built launcher with a state folder and a port of its own, in a process group of its own. */
export function launch({
  stateFolder,
  cwd = stateFolder,
  args = [],
  environment = {},
  checkout = root,
  bin = 'start',
}: LaunchOptions): Launcher {
  const child = spawn(process.execPath, [join(checkout, 'deploy/local/bin', `${bin}.js`), ...args], {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: launcherEnvironment({ PORT: '0', ...environment, LOCAL_STATE_DIR: stateFolder }),
  })
  started.push(child)
  let output = ''
  const waiting = new Set<() => void>()
  const read = (chunk: Buffer) => {
    output += chunk
    for (const look of waiting) look()
  }
  child.stdout.on('data', read)
  child.stderr.on('data', read)
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? code ?? -1))
  })
  const launcher: Launcher = {
    pid: child.pid ?? 0,
    output: () => output,
    ended,
    kill: (signal) => child.kill(signal),
    printed(text) {
      const pattern =
        typeof text === 'string' ? new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')) : text
      return new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(output)
          if (!match) return
          waiting.delete(look)
          resolve(match)
        }
        waiting.add(look)
        look()
        void ended.then((how) =>
          reject(new Error(`ended with ${how} without printing ${pattern}:\n${output}`)),
        )
      })
    },
    async stop() {
      child.kill('SIGINT')
      return await ended
    },
  }
  return launcher
}

/** Call in afterEach: what a failed test left, however it left it. */
export async function killLeftovers(...stateFolders: string[]): Promise<void> {
  for (const child of started.splice(0)) child.kill('SIGKILL')
  for (const folder of stateFolders) {
    for (const pid of processesOf(folder)) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended meanwhile.
      }
    }
  }
}

/** Waits until the launcher prints its URL. */
export async function ready(launcher: Launcher): Promise<string> {
  const [, url = ''] = await launcher.printed(/^(http:\S+) serves /m)
  return url
}

/** Resolves once no process works with the state folder any more; a launcher's orphans need a moment. */
export async function allGone(stateFolder: string): Promise<void> {
  while (processesOf(stateFolder).length > 0) await sleep(50)
}

/** Every process that a launcher with this state folder started, detached ones included, and the launcher itself. */
export function processesOf(stateFolder: string, command = ''): number[] {
  const marker = `LOCAL_STATE_DIR=${stateFolder}`
  if (process.platform === 'linux') {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && partsOf(name, 'environ').includes(marker))
      .filter((pid) => partsOf(pid, 'cmdline').join(' ').includes(command))
      .map(Number)
  }
  const listed = execFileSync('ps', ['-A', '-E', '-o', 'pid=,command='], { encoding: 'utf8' })
  return listed
    .split('\n')
    .filter((line) => line.includes(marker) && line.includes(command))
    .map((line) => Number.parseInt(line, 10))
}

/** A zombie has none, and so counts as ended. */
function partsOf(pid: string, file: 'environ' | 'cmdline'): string[] {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0')
  } catch {
    return []
  }
}

/** Numbers from 0 to 1 that are the same in every run. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648
  }
}
