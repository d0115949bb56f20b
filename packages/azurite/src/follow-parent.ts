/**
 * Preloaded with `node --import` into a child that was started with an IPC channel: when the parent dies, even by
 * SIGKILL, the channel closes and the child ends as if it had been asked to, so no process is left behind.
 */
import { isMainThread } from 'node:worker_threads'

const GENTLE_END_MS = 8_000

if (isMainThread && process.connected) {
  process.once('disconnect', () => {
    process.kill(process.pid, 'SIGTERM')
    // Nobody is left to insist, should the gentle end hang.
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), GENTLE_END_MS).unref()
  })
  // Without this the open channel alone would keep a finished child alive.
  process.channel?.unref()
}
