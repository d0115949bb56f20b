/// <reference lib="es2024.sharedmemory" />
import { threadId } from 'node:worker_threads'

/** Bytes of the memory that the locks of all threads share. */
const LOCK_BYTES = 4

/** The memory of a new lock, to be given to each thread that shares it. */
export function newLockMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(LOCK_BYTES)
}

/** Lets one decode at a time through, in all worker threads together: they share the process's memory. */
export class DecodeLock {
  /** The one value is the id of the thread that has the lock, plus 1, or 0. */
  readonly #holder: Int32Array

  constructor(memory: SharedArrayBuffer) {
    this.#holder = new Int32Array(memory)
  }

  /** Waits until nobody else is inside, in this thread or another. */
  async run<T>(use: () => Promise<T>): Promise<T> {
    await this.#take()
    try {
      return await use()
    } finally {
      this.free(threadId)
    }
  }

  /** Takes the lock from a thread, if it has it. The thread may have died. */
  free(thread: number): void {
    if (Atomics.compareExchange(this.#holder, 0, thread + 1, 0) === thread + 1)
      Atomics.notify(this.#holder, 0, 1)
  }

  async #take(): Promise<void> {
    for (;;) {
      const holder = Atomics.compareExchange(this.#holder, 0, 0, threadId + 1)
      if (holder === 0) return
      const wait = Atomics.waitAsync(this.#holder, 0, holder)
      if (wait.async) await wait.value
    }
  }
}
