import { randomUUID } from 'node:crypto'
import type { BlockBlobClient } from '@azure/storage-blob'
import type { Content } from './store.js'

/** Blocks on their way at once, which is also how many block buffers are in memory. */
const IN_FLIGHT = 4
/** The service's limit. */
const MAX_BLOCKS = 50_000

/**
 * Uploads the content as uncommitted blocks, several at once, through a fixed set of buffers: memory does not grow
 * with the content. Nobody sees the blocks until they are committed; left alone, the service drops them in a week.
 * @returns the ids to commit, in order
 */
export async function stageBlocks(
  blob: BlockBlobClient,
  content: Content,
  leastBlockBytes: number,
  signal?: AbortSignal,
): Promise<string[]> {
  const blockBytes = Math.max(leastBlockBytes, Math.ceil(content.bytes / MAX_BLOCKS))
  // One failed block stops the others.
  const stop = new AbortController()
  const abortSignal = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  // Random, or two publishers of the same key at the same time would mix their blocks.
  const upload = randomUUID()
  const ids: string[] = []
  const idle: Buffer[] = []
  const running = new Set<Promise<void>>()
  let failure: unknown

  const send = (buffer: Buffer, length: number) => {
    const id = Buffer.from(`${upload}-${String(ids.length).padStart(6, '0')}`).toString('base64')
    ids.push(id)
    const task: Promise<void> = blob
      .stageBlock(id, buffer.subarray(0, length), length, { abortSignal })
      .then(() => {
        idle.push(buffer)
        running.delete(task)
      })
    // The rejection is met at the next race or at the end; until then it must not count as unhandled.
    task.catch((error) => {
      failure ??= error
      stop.abort()
    })
    running.add(task)
  }
  const freeBuffer = async () => {
    while (running.size >= IN_FLIGHT) await Promise.race(running)
    return idle.pop() ?? Buffer.allocUnsafeSlow(blockBytes)
  }

  try {
    let buffer = await freeBuffer()
    let filled = 0
    for await (const chunk of content.open()) {
      for (let taken = 0; taken < chunk.length; ) {
        const part = chunk.subarray(taken, taken + blockBytes - filled)
        buffer.set(part, filled)
        taken += part.length
        filled += part.length
        if (filled < blockBytes) continue
        send(buffer, filled)
        filled = 0
        buffer = await freeBuffer()
      }
    }
    if (filled > 0) send(buffer, filled)
    await Promise.all(running)
    return ids
  } catch (error) {
    // The first failure tells why; the others only say that they were stopped.
    const reason = failure ?? error
    stop.abort()
    await Promise.allSettled(running)
    throw reason
  }
}
