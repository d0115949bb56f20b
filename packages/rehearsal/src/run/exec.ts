import { spawn } from 'node:child_process'

export interface ExecOptions {
  cwd: string
  env: Record<string, string>
  signal: AbortSignal
  onLine(line: string): void
}

/** After the gentle end was asked for. */
const GRACE_MS = 10_000
/** For output that is still on its way when the program has ended. */
const FLUSH_MS = 2_000

/**
 * Runs a program, and ends it with everything it started when the signal aborts.
 * @returns its exit code, or the signal that killed it
 */
export async function exec(command: string, args: string[], options: ExecOptions): Promise<number | string> {
  const { cwd, env, signal, onLine } = options
  signal.throwIfAborted()
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split(/\r?\n/)
      rest = lines.pop() ?? ''
      for (const line of lines) onLine(line)
    })
    stream.on('end', () => {
      if (rest !== '') onLine(rest)
    })
  }
  // After exit, and after all output has come.
  const closed = new Promise<true>((resolve) => child.once('close', () => resolve(true)))
  const closedWithin = (ms: number) =>
    Promise.race([closed, new Promise<false>((resolve) => setTimeout(resolve, ms, false).unref())])
  let timer: NodeJS.Timeout | undefined
  const end = () => {
    kill(child.pid, 'SIGINT')
    timer = setTimeout(() => kill(child.pid, 'SIGKILL'), GRACE_MS)
  }
  signal.addEventListener('abort', end, { once: true })
  try {
    const how = await new Promise<number | string>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code, killedBy) => resolve(code ?? killedBy ?? 1))
    })
    // What it left behind in the background is ended with its step, as on the agent.
    if (!(await closedWithin(FLUSH_MS))) {
      kill(child.pid, 'SIGTERM')
      await closedWithin(GRACE_MS)
    }
    kill(child.pid, 'SIGKILL')
    return how
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  }
}

function kill(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // Nothing of it is left.
  }
}
