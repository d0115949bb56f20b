import { spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { environmentWith, root } from './env.js'

const SHOWN_LINES = 25
const GRACE_MS = 10_000

export interface Result {
  code: number
  stdout: string
  /** stdout and stderr, in the order in which they came. */
  output: string
}

export interface RunOptions {
  environment?: Record<string, string>
}

/** Runs programs in the checkout's top folder. All that they print goes to the log file. */
export class Shell {
  constructor(
    private readonly log: string,
    readonly signal: AbortSignal,
  ) {}

  /** @throws Error with the last lines when it ends with anything but 0 */
  async run(command: string, args: string[], options?: RunOptions): Promise<string> {
    const { code, output, stdout } = await this.attempt(command, args, options)
    if (code === 0) return stdout.trim()
    const shown = output.trim().split('\n').slice(-SHOWN_LINES).join('\n')
    throw new Error(`${command} ${args.join(' ')} ended with exit code ${code}:\n${shown}`)
  }

  /**
   * Runs it to its end, whatever that is. Aborting the signal ends it and all that it has started.
   * @throws the signal's reason; Error when it cannot be started
   */
  async attempt(command: string, args: string[], options: RunOptions = {}): Promise<Result> {
    this.signal.throwIfAborted()
    appendFileSync(this.log, `\n$ ${command} ${args.join(' ')}\n`)
    // A group of its own: Ctrl-C is for this process, which then ends things in order.
    const child = spawn(command, args, {
      cwd: root,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environmentWith(options.environment ?? {}),
    })
    const result: Result = { code: -1, stdout: '', output: '' }
    const read = (chunk: Buffer) => {
      result.output += chunk
      appendFileSync(this.log, chunk)
    }
    child.stdout.on('data', read).on('data', (chunk) => {
      result.stdout += chunk
    })
    child.stderr.on('data', read)
    const killGroup = (how: NodeJS.Signals) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, how)
      } catch {
        // It has ended.
      }
    }
    let timer: NodeJS.Timeout | undefined
    const end = () => {
      killGroup('SIGTERM')
      timer = setTimeout(() => killGroup('SIGKILL'), GRACE_MS)
    }
    this.signal.addEventListener('abort', end)
    try {
      result.code = await new Promise<number>((resolve, reject) => {
        child.once('error', reject)
        child.once('close', (code) => resolve(code ?? -1))
      })
    } finally {
      clearTimeout(timer)
      this.signal.removeEventListener('abort', end)
    }
    this.signal.throwIfAborted()
    return result
  }
}
