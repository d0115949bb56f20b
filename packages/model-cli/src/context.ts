import { type ModelStore, type OnProgress, openStore, StoreError } from '@repo/model-loader'
import type { Command } from 'commander'
import { env } from './env.js'
import { ProgressBar } from './progress-bar.js'

/** What every command gets: how to report, and when to stop. */
export class Context {
  readonly #bar = new ProgressBar(process.stderr)
  /** Set from the command line before the command runs. */
  json = false

  constructor(readonly signal: AbortSignal) {}

  readonly onProgress: OnProgress = (progress) => {
    if (!this.json) this.#bar.onProgress(progress)
  }

  /** A command's answer, on stdout: one JSON document with `--json`, else lines for people. */
  answer(json: object, text: string): void {
    this.clear()
    process.stdout.write(`${this.json ? JSON.stringify(json, null, 2) : text}\n`)
  }

  clear(): void {
    this.#bar.clear()
  }
}

/** Adds the options that every command with a store has. */
export function withStore(command: Command): Command {
  return command.option('--store <url>', 'the model store; default: the environment variable MODEL_STORE')
}

/** @throws StoreError `usage` when no store is named or its URL is not usable */
export function storeOf({ store = env.MODEL_STORE }: { store?: string }): ModelStore {
  if (store) return openStore(store)
  throw new StoreError('usage', 'Which store? Give its URL with --store, or set MODEL_STORE.')
}
