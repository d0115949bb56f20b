import { fork } from 'node:child_process'
import { once } from 'node:events'

/** How a health check fared while the server was under load. */
export interface Probes {
  count: number
  /** Milliseconds. */
  p99: number
  max: number
  /** Another status than 200, no connection, or no answer within a second, Kubernetes' default. */
  failures: number
}

/** Has a process of its own ask `url` every 50 ms. @returns ends it and tells what it saw */
export async function startProbe(url: string): Promise<() => Promise<Probes>> {
  const child = fork(new URL('./probe-process.js', import.meta.url), [url], {
    serialization: 'advanced',
  })
  await once(child, 'message')
  return async () => {
    const answer = once(child, 'message')
    child.send('stop')
    const [probes] = (await answer) as [Probes]
    child.disconnect()
    return probes
  }
}
