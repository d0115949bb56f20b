import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

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
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', onLine)
  const closed = once(child, 'close').then(
    () => true,
    () => true,
  )
  const closedWithin = (ms: number) => Promise.race([closed, sleep(ms, false, { ref: false })])
  let timer: NodeJS.Timeout | undefined
  const end = () => {
    kill(child.pid, 'SIGINT')
    timer = setTimeout(() => kill(child.pid, 'SIGKILL'), GRACE_MS)
  }
  signal.addEventListener('abort', end, { once: true })
  try {
    const [code, killedBy] = await once(child, 'exit')
    // What it left behind in the background is ended with its step, as on the agent.
    if (!(await closedWithin(FLUSH_MS))) {
      kill(child.pid, 'SIGTERM')
      await closedWithin(GRACE_MS)
    }
    kill(child.pid, 'SIGKILL')
    return code ?? killedBy ?? 1
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
