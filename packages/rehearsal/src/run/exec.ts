import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface ExecOptions {
  cwd: string
  env: Record<string, string>
  signal: AbortSignal
  onLine(line: string): void
}

/** After the gentle end was asked for. */
const GRACE_MS = 10_000

/**
 * Runs a program, and ends it with everything it started when the signal aborts.
 * @returns its exit code, or the signal that killed it
 */
export async function exec(command: string, args: string[], options: ExecOptions): Promise<number | string> {
  const { cwd, env, signal, onLine } = options
  signal.throwIfAborted()
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const read = [child.stdout, child.stderr].map((stream) => {
    const lines = createInterface({ input: stream })
    lines.on('line', onLine)
    return new Promise((resolve) => lines.once('close', resolve))
  })
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
    // What it left behind holds the pipes open: the agent ends such processes too.
    kill(child.pid, 'SIGTERM')
    await Promise.race([Promise.all(read), new Promise((resolve) => setTimeout(resolve, GRACE_MS).unref())])
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
