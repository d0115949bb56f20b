/**
 * One download in a process of its own: `node client-process.js bare|file|pull|fresh <store> <target> <bytes>`; `fresh`
 * is a pull too, the first of its process. Prints a line of JSON.
 */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { type ModelStore, openStore, pullModel } from '@repo/model-loader'
import { LARGE_FILE, MODEL, TINY_MODEL } from './model.js'

export interface ClientResult {
  seconds: number
  /** Megabytes that this process grew by, at most. */
  growth: number
  /** What the same pull took once more, with nothing left to do, and what it asked its store for. */
  warmMs: number
  warmRequests: number
}

export type Way = 'bare' | 'file' | 'pull' | 'fresh'

const MB = 1_000_000
const [way, url = '', target = '', bytes] = process.argv.slice(2)

/** One stream and its SHA-256; to nowhere, or, the plainest way to a file that is there for good. */
async function download(store: ModelStore, path?: string): Promise<void> {
  const hash = createHash('sha256')
  const file = path === undefined ? undefined : await open(path, 'w')
  for await (const chunk of store.readRange(LARGE_FILE, 0, Number(bytes))) {
    hash.update(chunk)
    await file?.write(chunk)
  }
  await file?.sync()
  await file?.close()
  hash.digest()
}

/** Every call of a store is a request or more; a pull with nothing to do makes one, `read`. */
function counting(store: ModelStore, count: () => void): ModelStore {
  return new Proxy(store, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        count()
        return value.apply(object, args)
      }
    },
  })
}

async function secondsOf(body: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await body()
  return (performance.now() - start) / 1000
}

let requests = 0
const store = counting(openStore(url), () => requests++)
// The store's library is loaded and its connection open: what the size of a model costs is to be measured.
if (way !== 'fresh') await pullModel(store, TINY_MODEL, `${target}-tiny`)
const before = process.memoryUsage.rss()
let largest = before
const timer = setInterval(() => {
  largest = Math.max(largest, process.memoryUsage.rss())
}, 10)
const isPull = way === 'pull' || way === 'fresh'
const run = () =>
  isPull ? pullModel(store, MODEL, target) : download(store, way === 'file' ? target : undefined)
const seconds = await secondsOf(run)
clearInterval(timer)
requests = 0
const warmMs = isPull ? (await secondsOf(run)) * 1000 : 0
const growth = (largest - before) / MB
console.log(JSON.stringify({ seconds, growth, warmMs, warmRequests: requests } satisfies ClientResult))
