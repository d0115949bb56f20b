import { TIMINGS_PER_RUN, type Timings } from '@repo/classifier'

/**
 * What a request's time went into, for the standard header `Server-Timing` (https://www.w3.org/TR/server-timing/):
 * waiting for a worker, then decoding and running the model, over all its images.
 * @param queueMs milliseconds in the queue
 */
export function serverTiming(queueMs: number, timings: Timings): string {
  let decodeMs = 0
  let inferenceMs = 0
  for (let at = 0; at < timings.length; at += TIMINGS_PER_RUN) {
    decodeMs += timings[at + 1] as number
    inferenceMs += timings[at + 3] as number
  }
  const parts = { queue: queueMs, decode: decodeMs, inference: inferenceMs }
  return Object.entries(parts)
    .map(([name, ms]) => `${name};dur=${ms.toFixed(2)}`)
    .join(', ')
}
