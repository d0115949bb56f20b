import type { Content } from './store.js'

/** Parts on their way at once, which is also how many part buffers are in memory. */
const IN_FLIGHT = 4

/**
 * Sends the content in parts of `partBytes`, several at once, through a fixed set of buffers: memory does not grow
 * with the content.
 * @param send must be done with the buffer when its promise settles
 * @returns what `send` returned for each part, in order
 */
export async function sendParts<T>(
  content: Content,
  partBytes: number,
  send: (part: Buffer, index: number, signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T[]> {
  // One failed part stops the others.
  const stop = new AbortController()
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const sent: T[] = []
  const idle: Buffer[] = []
  const running = new Set<Promise<void>>()
  let failure: unknown
  let count = 0

  const start = (buffer: Buffer, length: number) => {
    const index = count++
    const task: Promise<void> = send(buffer.subarray(0, length), index, either).then((result) => {
      sent[index] = result
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
    return idle.pop() ?? Buffer.allocUnsafeSlow(partBytes)
  }

  try {
    let buffer = await freeBuffer()
    let filled = 0
    for await (const chunk of content.open()) {
      for (let taken = 0; taken < chunk.length; ) {
        const piece = chunk.subarray(taken, taken + partBytes - filled)
        buffer.set(piece, filled)
        taken += piece.length
        filled += piece.length
        if (filled < partBytes) continue
        start(buffer, filled)
        filled = 0
        buffer = await freeBuffer()
      }
    }
    if (filled > 0) start(buffer, filled)
    await Promise.all(running)
    return sent
  } catch (error) {
    // The first failure tells why; the others only say that they were stopped.
    const reason = failure ?? error
    stop.abort()
    await Promise.allSettled(running)
    throw reason
  }
}

/** The whole content, for an object that goes in one request. */
export async function collect(content: Content): Promise<Buffer> {
  const data = Buffer.alloc(content.bytes)
  let length = 0
  for await (const chunk of content.open()) {
    data.set(chunk, length)
    length += chunk.length
  }
  return data
}
