import { type ChildProcess, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { readersEnvironment } from './env.js'

export interface Finished {
  /** undefined: it was ended because its time was over, or by a signal. */
  exitCode: number | undefined
  /** What a terminal shows: standard output and error. */
  output: string
}

// The reader's shell: each block begins where the last one ended, with its folder and exported variables.
const SHELL = [
  'exec 2>&1',
  'state=$1; block=$2',
  'source "$state"',
  `trap 'code=$?; { export -p; printf "cd %q\\n" "$PWD"; } > "$state"; exit $code' EXIT`,
  'set -eo pipefail',
  'source "$block"',
].join('\n')

/** One terminal of a reader. */
export class Session {
  readonly #scratch: string
  readonly #state: string
  #background: Background[] = []
  #foreground: Running | undefined
  #count = 0

  private constructor(scratch: string) {
    this.#scratch = scratch
    this.#state = join(scratch, 'state.sh')
  }

  /** @param scratch a folder for the session's own files */
  static async open(scratch: string, folder: string, environment: Record<string, string>): Promise<Session> {
    const session = new Session(scratch)
    const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}`)
    await writeFile(session.#state, [...lines, `cd ${quote(folder)}`, ''].join('\n'))
    return session
  }

  /** Runs a block to its end. */
  async run(command: string, timeoutSeconds: number): Promise<Finished> {
    this.#foreground = new Running(await this.#spawn(command, this.#state))
    return await this.#foreground.end(timeoutSeconds)
  }

  /**
   * Starts a block that goes on, in a terminal of its own: what it exports stays there.
   * @param isReady is asked whenever there may be new output
   * @returns undefined when it is ready, or how it ended, or what it had said when its time was over
   */
  async start(
    command: string,
    isReady: (output: string) => boolean,
    timeoutSeconds: number,
  ): Promise<Finished | undefined> {
    const state = join(this.#scratch, `background-${this.#count}.sh`)
    await writeFile(state, `source ${quote(this.#state)}\n`)
    const background = new Background(await this.#spawn(command, state))
    this.#background.push(background)
    return await background.ready(isReady, timeoutSeconds)
  }

  /** Presses Ctrl-C in the other terminals, the last one first. */
  async stopBackground(): Promise<void> {
    for (const background of this.#background.splice(0).reverse()) await background.interrupt()
  }

  /** Presses Ctrl-C in every terminal. */
  async interrupt(): Promise<void> {
    await Promise.all([this.#foreground?.interrupt(), this.stopBackground()])
  }

  async #spawn(command: string, state: string): Promise<ChildProcess> {
    const block = join(this.#scratch, `block-${this.#count++}.sh`)
    await writeFile(block, command)
    // A process group of its own, so that everything that it starts ends with it.
    return spawn('bash', ['--noprofile', '--norc', '-c', SHELL, 'docs-test', state, block], {
      detached: true,
      env: readersEnvironment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  }
}

class Running {
  protected output = ''
  protected readonly ended: Promise<number | undefined>
  protected readonly closed: Promise<void>

  constructor(protected readonly child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text
    })
    this.closed = new Promise((resolve) => child.once('close', () => resolve()))
    this.ended = new Promise((resolve) => child.once('exit', (code) => resolve(code ?? undefined)))
  }

  async end(timeoutSeconds: number): Promise<Finished> {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      void this.interrupt()
    }, timeoutSeconds * 1000)
    const exitCode = await this.ended
    clearTimeout(timer)
    // What was written just before the end may still be on its way; what was left running holds the pipe open.
    await Promise.race([this.closed, new Promise((resolve) => setTimeout(resolve, 500))])
    ;(this.child.stdout as Socket).unref()
    return { exitCode: isLate ? undefined : exitCode, output: this.output }
  }

  /** Ctrl-C, and half a minute later the end. */
  async interrupt(): Promise<void> {
    this.signal('SIGINT')
    const timer = setTimeout(() => this.signal('SIGKILL'), 30_000)
    await this.ended
    clearTimeout(timer)
    ;(this.child.stdout as Socket).unref()
  }

  protected signal(signal: NodeJS.Signals): void {
    if (this.child.pid === undefined) return
    try {
      process.kill(-this.child.pid, signal)
    } catch {
      // It has ended.
    }
  }
}

class Background extends Running {
  async ready(isReady: (output: string) => boolean, timeoutSeconds: number): Promise<Finished | undefined> {
    let ended = false
    const end = this.ended.then((exitCode) => {
      ended = true
      return exitCode
    })
    const until = Date.now() + timeoutSeconds * 1000
    while (Date.now() < until && !ended) {
      if (isReady(this.output)) return undefined
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    return { exitCode: ended ? await end : undefined, output: this.output }
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
