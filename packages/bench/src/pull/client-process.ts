/** One download in a process of its own: `node client-process.js bare|pull <store> <target>`. Prints a line of JSON. */
import { createHash } from 'node:crypto'
import { type ModelStore, openStore, pullModel } from '@repo/model-loader'
import { LARGE_FILE, MODEL } from './model.js'

export interface ClientResult {
  seconds: number
  /** Megabytes that this process grew by, at most. */
  growth: number
  /** What the pull asked its store for. */
  requests: number
}

const MB = 1_000_000
const [way, url = '', target = '', bytes] = process.argv.slice(2)

/** One stream, nothing written: what server, client and SHA-256 allow. */
async function bareDownload(store: ModelStore): Promise<void> {
  const hash = createHash('sha256')
  for await (const chunk of store.readRange(LARGE_FILE, 0, Number(bytes))) hash.update(chunk)
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

let requests = 0
const store = counting(openStore(url), () => requests++)
const before = process.memoryUsage.rss()
let largest = before
const timer = setInterval(() => {
  largest = Math.max(largest, process.memoryUsage.rss())
}, 10)
const start = performance.now()
if (way === 'bare') await bareDownload(store)
else await pullModel(store, MODEL, target)
const seconds = (performance.now() - start) / 1000
clearInterval(timer)
const result: ClientResult = { seconds, growth: (largest - before) / MB, requests }
console.log(JSON.stringify(result))
