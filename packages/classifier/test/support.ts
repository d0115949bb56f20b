import type { Prediction } from '../src/index.js'
import { WorkerPool } from '../src/pool/pool.js'

/** A copy of the bytes that may be transferred to a worker. */
export function part(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer
}

/** Runs `use` with a pool of one worker for the bundle in `folder`, and stops the pool. */
export async function withPool<T>(
  folder: string,
  use: (pool: WorkerPool) => Promise<T>,
  options: Partial<Parameters<typeof WorkerPool.start>[0]> = {},
): Promise<T> {
  const pool = await WorkerPool.start({ modelFolder: folder, workers: 1, ...options })
  try {
    return await use(pool)
  } finally {
    await pool.stop()
  }
}

export async function classify(pool: WorkerPool, image: Uint8Array, k = 3): Promise<Prediction[]> {
  return JSON.parse(await pool.submit('classify', [part(image)], String(k)))
}

export async function preprocess(pool: WorkerPool, image: Uint8Array): Promise<number[]> {
  return JSON.parse(await pool.submit('preprocess', [part(image)]))
}
