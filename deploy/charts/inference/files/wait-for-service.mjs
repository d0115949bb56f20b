// Run by `helm test` before the checks: a service takes requests only when its node has heard that a pod is ready.
// Argument: the service's base URL.
import { setTimeout as sleep } from 'node:timers/promises'

const [url] = process.argv.slice(1)
const giveUp = Date.now() + 30_000
for (;;) {
  try {
    await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2_000) })
    break
  } catch (error) {
    if (Date.now() > giveUp) throw new Error(`${url} took no request for 30 s`, { cause: error })
    await sleep(250)
  }
}
