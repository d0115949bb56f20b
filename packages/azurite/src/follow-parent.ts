/**
 * Preloaded with `node --import` into a child that was started with an IPC channel: when the parent dies, even by
 * SIGKILL, the channel closes and the child ends as if it had been asked to, so no process is left behind.
 */
import { isMainThread, Worker } from 'node:worker_threads'

const GENTLE_END_MS = 5_000

if (isMainThread && process.send !== undefined) {
  process.once('disconnect', end)
  // Without this the open channel alone would keep a finished child alive.
  process.channel?.unref()
  // The parent died before this module was loaded: that event has passed.
  if (!process.connected) end()
}

function end(): void {
  // Nobody is left to insist, should the gentle end hang. A thread of its own, because a main thread that flushes its
  // log into the dead parent's pipe may wait for ever (pino does), with its timers.
  const code = `const killAll = ${killAll}; setTimeout(killAll, ${GENTLE_END_MS})`
  new Worker(code, { eval: true, execArgv: [] }).unref()
  // Nobody is left to read an exit code either, so what else would run now can only hang.
  process.prependListener('exit', killAll)
  process.kill(process.pid, 'SIGTERM')
}

/** With the helpers it has started, if it leads a process group, as a detached child does. */
function killAll(): void {
  try {
    process.kill(-process.pid, 'SIGKILL')
  } catch {
    process.kill(process.pid, 'SIGKILL')
  }
}
