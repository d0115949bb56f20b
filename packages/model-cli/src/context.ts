import {
  AZURE_AUTHS,
  type AzureAuth,
  type ModelStore,
  type OnProgress,
  openStore,
  StoreError,
} from '@repo/model-loader'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { env } from './env.js'
import { ProgressBar } from './progress-bar.js'

/** What every command gets: how to report, and when to stop. */
export class Context {
  readonly #bar = new ProgressBar(process.stderr)
  /** Set from the command line before the command runs. */
  json = false
  /** Ends when the user cancels or the time is up. */
  signal: AbortSignal
  /** How the store signs in, where it has to. */
  #auth: string | undefined

  constructor(cancelled: AbortSignal) {
    this.signal = cancelled
  }

  /**
   * The store that the options name; from now on `--timeout` runs.
   * @throws StoreError `usage` when no store is named or its URL is not usable
   */
  openStore({ store = env.MODEL_STORE, auth, timeout }: StoreOptions): ModelStore {
    if (!store) throw new StoreError('usage', 'Which store? Give its URL with --store, or set MODEL_STORE.')
    const opened = openStore(store, auth ? { auth } : {})
    this.#auth = opened.auth
    if (opened.auth && !this.json) process.stderr.write(`model: signing in to ${store} by ${opened.auth}\n`)
    if (timeout) this.signal = AbortSignal.any([this.signal, AbortSignal.timeout(timeout * 1000)])
    return opened
  }

  readonly onProgress: OnProgress = (progress) => {
    if (!this.json) this.#bar.onProgress(progress)
  }

  /** A command's answer, on stdout: one JSON document with `--json`, else lines for people. */
  answer(json: object, text: string): void {
    this.clear()
    process.stdout.write(
      `${this.json ? JSON.stringify(this.#auth ? { ...json, auth: this.#auth } : json, null, 2) : text}\n`,
    )
  }

  clear(): void {
    this.#bar.clear()
  }
}

/** What `withStore` adds to a command. */
export interface StoreOptions {
  store?: string
  auth?: AzureAuth
  /** Seconds. */
  timeout?: number
}

/** Adds the options that every command with a store has. */
export function withStore(command: Command): Command {
  return command
    .option('--store <url>', 'the model store; default: the environment variable MODEL_STORE')
    .addOption(
      new Option('--auth <how>', 'how to sign in to Azure; default: MODEL_STORE_AUTH, or auto').choices(
        AZURE_AUTHS,
      ),
    )
    .option('--timeout <seconds>', 'give up after so long altogether', positive)
}

/** For an option that is a number above 0. */
export function positive(text: string): number {
  const value = Number(text)
  if (value > 0 && Number.isFinite(value)) return value
  throw new InvalidArgumentError('a number above 0 is needed.')
}

/** For an option that may be repeated. */
export const collect = (value: string, all: string[]) => [...all, value]
