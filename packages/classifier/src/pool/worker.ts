/**
 * The entry of a worker thread: its own session, its own decoding, the handlers it was told to load. Everything that
 * takes long happens here, so the main thread only moves bytes and stays free to answer probes.
 */
import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { type MessagePort, parentPort } from 'node:worker_threads'
import { Classifier } from '../classifier.js'
import { onnxRuntimeVersion } from '../model.js'
import { QUICK_RUN_MS } from '../quick.js'
import type { Timings } from '../timings.js'
import type {
  CreateHandlers,
  FromWorker,
  Handler,
  PlainError,
  ToWorker,
  WorkerAnswer,
  WorkerJob,
  WorkerSettings,
} from './messages.js'
import { Outbox } from './outbox.js'

const port = parentPort as MessagePort
const send = (message: FromWorker) => port.postMessage(message)

yieldToMainThread()
port.once('message', async (message: ToWorker) => {
  if (message.type === 'load') await load(message.settings)
  else port.close()
})

async function load(settings: WorkerSettings): Promise<void> {
  try {
    const classifier = await Classifier.open(settings.bundle, settings)
    const { createHandlers } = (await import(settings.handlers)) as { createHandlers: CreateHandlers }
    const runMs = await classifier.warmUp()
    serve(classifier, createHandlers(classifier), runMs < QUICK_RUN_MS)
    send({ type: 'ready', info: { onnxRuntime: onnxRuntimeVersion, runMs, ...classifier.tensors } })
  } catch (error) {
    send({ type: 'failed', error: plain(error) })
  }
}

/** How often the main thread hears that a request with many images gets on. */
const PROGRESS_MS = 200

function serve(classifier: Classifier, handlers: Record<string, Handler>, isQuick: boolean): void {
  const running = new Map<number, { timings: Timings; told: number }>()
  // Each run that has ended added to the timings. While a run blocks this thread, nothing is told.
  setInterval(() => {
    for (const [id, job] of running) {
      if (job.timings.length === job.told) continue
      job.told = job.timings.length
      send({ type: 'progress', id })
    }
  }, PROGRESS_MS).unref()
  const outbox = new Outbox<WorkerAnswer>((answers) => send({ type: 'answers', answers }), isQuick)
  let stopping = false

  // A session may not be released while it runs, and its thread may not be terminated: both abort the process.
  const stopWhenIdle = async () => {
    if (!stopping || running.size > 0) return
    outbox.flush()
    await classifier.release()
    port.close()
  }

  const run = async ({ id, kind, parts, detail }: WorkerJob) => {
    const timings: Timings = []
    running.set(id, { timings, told: 0 })
    try {
      const handler = handlers[kind]
      if (!handler) throw new Error(`there is no handler for "${kind}"`)
      const answer = await handler(
        parts.map((part) => new Uint8Array(part)),
        detail,
        timings,
      )
      outbox.add({ id, answer, timings })
    } catch (error) {
      outbox.add({ id, error: plain(error), timings })
    }
    running.delete(id)
    await stopWhenIdle()
  }

  port.on('message', (message: ToWorker) => {
    if (message.type === 'run') {
      for (const job of message.jobs) void run(job)
    } else {
      stopping = true
      void stopWhenIdle()
    }
  })
}

/** Lowers this thread's priority a little: probes are then answered in time while every core computes. Linux only. */
function yieldToMainThread(): void {
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').pop())
    setPriority(thread, 3)
  } catch {
    // Elsewhere threads have no number of their own to set it by; serving works without.
  }
}

function plain(error: unknown): PlainError {
  const { name, message, code, details } = error as PlainError
  return { name, message, ...(typeof code === 'string' && { code }), ...(details && { details }) }
}
