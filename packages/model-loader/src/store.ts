import type { Readable } from 'node:stream'

/** What a store says of one object. */
export interface ObjectInfo {
  key: string
  bytes: number
  /** Changes with every write; opaque. */
  etag: string
  /** When it was last written. */
  modified: Date
}

/** When a write may happen: only if nothing is there yet, or only if what is there still has this ETag. */
export type WriteCondition = { ifNoneMatch: '*' } | { ifMatch: string }

/**
 * The little that the model store needs of a cloud's object storage, so that a new one is easy to add. Keys are
 * `/`-separated paths. Every method throws StoreError and stops early when `signal` aborts.
 */
export interface ModelStore {
  /** For messages; never holds a credential. */
  readonly url: string

  /** Undefined when there is no such object. */
  head(key: string, signal?: AbortSignal): Promise<ObjectInfo | undefined>

  /** The whole object, for small ones such as manifests. Undefined when there is no such object. */
  read(key: string, signal?: AbortSignal): Promise<{ data: Buffer; info: ObjectInfo } | undefined>

  /**
   * Bytes `start` (inclusive) to `end` (exclusive) of the object as it was when it had this ETag.
   * @throws StoreError `not-found`, or `conflict` when the object has changed since
   */
  readRange(
    key: string,
    range: { start: number; end: number; etag: string },
    signal?: AbortSignal,
  ): Promise<Readable>

  /**
   * Writes a whole object; a reader sees all of it or nothing. `open` starts its bytes anew at every try.
   * @returns the new object, or undefined when the condition did not hold (nothing was written then)
   */
  write(
    key: string,
    content: { bytes: number; open(): Readable },
    condition: WriteCondition,
    signal?: AbortSignal,
  ): Promise<ObjectInfo | undefined>

  /** All objects whose key starts with `prefix`, in key order. */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<ObjectInfo>
}
