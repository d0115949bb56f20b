import { performance } from 'node:perf_hooks'

/** Within this time a second signal is an echo: npm passes on what the terminal already sent to the whole group. */
const ECHO_MS = 500
/** How long a step may take to notice that everything is to end. */
const UNWIND_MS = 1_000
/** After this the gentle way is given up. */
const GENTLE_MS = 9_000

/**
 * From start to end of a launcher: signals, what has to be undone in which order, and the children that must not
 * outlive it.
 */
export class Lifetime {
  readonly #controller = new AbortController()
  readonly #children = new Set<number>()
  readonly #endings: (() => Promise<void>)[] = []
  #asked: number | undefined
  #tell = { stopping: () => {}, stopped: () => {} }

  /** Aborts at Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal = this.#controller.signal

  /** The last registered runs first. */
  atEnd(ending: () => Promise<void>): void {
    this.#endings.push(ending)
  }

  /** A detached child that is killed when the gentle way fails or a second Ctrl-C comes. Returns the way to forget it. */
  track(pid: number): () => void {
    this.#children.add(pid)
    return () => this.#children.delete(pid)
  }

  /** Rejects when everything is to end; for a main part that has nothing else to wait for. */
  async untilAsked(): Promise<never> {
    if (!this.signal.aborted) {
      await new Promise((resolve) => this.signal.addEventListener('abort', resolve, { once: true }))
    }
    throw this.signal.reason
  }

  /** Who tells the user, at the first Ctrl-C or SIGTERM and when everything has ended after it. */
  tell(about: { stopping(): void; stopped(): void }): void {
    this.#tell = about
  }

  /**
   * Runs `main`, undoes what it set up and ends the process: with its exit code, or 0 when it was asked to end.
   * `main` reports its own failures.
   */
  async run(main: () => Promise<number>): Promise<never> {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => this.#ask())
    // Whoever read our output is gone, be it a closed terminal or `| head`.
    process.stdout.on('error', () => this.#ask())
    process.stderr.on('error', () => this.#ask())
    const asked = new Promise<number>((resolve) => {
      this.signal.addEventListener('abort', () => setTimeout(resolve, UNWIND_MS, 0))
    })
    const code = await Promise.race([main(), asked])
    for (const ending of this.#endings.reverse()) await ending().catch(() => {})
    if (!this.signal.aborted) process.exit(code)
    this.#tell.stopped()
    process.exit(0)
  }

  #ask(): void {
    const now = performance.now()
    if (this.#asked === undefined) {
      this.#asked = now
      this.#tell.stopping()
      this.#controller.abort(new Error('asked to stop'))
      setTimeout(() => this.#killAll(0), GENTLE_MS)
    } else if (now - this.#asked > ECHO_MS) {
      this.#killAll(130)
    }
  }

  #killAll(code: number): never {
    for (const pid of this.#children) killGroup(pid)
    process.exit(code)
  }
}

/** Ends a detached child and whatever it has started, at once. Fine when nothing of them is left. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // They have ended already.
  }
}
