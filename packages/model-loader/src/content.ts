import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { sha256 } from '@repo/model-bundle'
import { StoreError } from './errors.js'
import type { Content } from './store.js'

/** Small enough to stay in the processor's cache between reading, hashing and copying. */
const CHUNK_BYTES = 256 << 10

export function bytesContent(data: Buffer): Content {
  return {
    bytes: data.length,
    sha256: sha256(data),
    async *open() {
      yield data
    },
  }
}

/**
 * A file that must still be what the manifest says while it is read: it may be changed on disk at any moment, and what
 * was hashed before is not what is sent then.
 */
export function fileContent(
  path: string,
  expected: { bytes: number; sha256: string },
  onBytes: (bytes: number) => void,
): Content {
  return {
    ...expected,
    async *open() {
      const hash = createHash('sha256')
      const handle = await open(path)
      try {
        const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, expected.bytes + 1))
        for (let total = 0; ; ) {
          const { bytesRead } = await handle.read(buffer, 0, buffer.length)
          total += bytesRead
          if (total > expected.bytes) throw changed(path)
          if (bytesRead === 0) break
          const chunk = buffer.subarray(0, bytesRead)
          hash.update(chunk)
          yield chunk
          onBytes(bytesRead)
        }
        if (hash.digest('hex') !== expected.sha256) throw changed(path)
      } finally {
        await handle.close()
      }
    },
  }
}

function changed(path: string): StoreError {
  return new StoreError(
    'integrity',
    `${path} changed while it was being published. Write the bundle's manifest again, then publish it again.`,
  )
}
