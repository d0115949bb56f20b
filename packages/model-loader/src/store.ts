/** What a store says of one object. */
export interface ObjectInfo {
  key: string
  bytes: number
  /**
   * Opaque. Differs whenever the bytes differ; S3 may give equal bytes an equal one, so what is replaced under a
   * condition (the pointer) must never be written twice with the same bytes.
   */
  etag: string
  /** When it was last written. */
  modified: Date
  /** What the writer said the content's SHA-256 is, where the store keeps that. */
  sha256?: string
}

/** When a write may happen: only if nothing is there yet, or only if what is there still has this ETag. */
export type WriteCondition = { ifNoneMatch: '*' } | { ifMatch: string }

/** What to write. Its size is known, its bytes are produced when they are needed. */
export interface Content {
  bytes: number
  /** 64 hexadecimal digits; stored beside the object where the store can. */
  sha256: string
  /**
   * Starts the bytes anew. A chunk is valid only until the next one is asked for: its buffer may be used again.
   * Throws when the source turns out not to be what `bytes` and `sha256` say; the write must fail then.
   */
  open(): AsyncIterable<Uint8Array>
}

/**
 * The little that the model store needs of a cloud's object storage, so that a new one is easy to add. Keys are
 * `/`-separated paths, none of whose parts is empty or starts with a dot. Every method throws StoreError, or the
 * signal's reason when `signal` aborts.
 */
export interface ModelStore {
  /** For messages; never holds a credential. */
  readonly url: string
  /** How this store signs in; undefined where nobody has to. */
  readonly auth?: string

  /** Undefined when there is no such object. */
  head(key: string, signal?: AbortSignal): Promise<ObjectInfo | undefined>

  /** The whole object, for small ones such as manifests. Undefined when there is no such object. */
  read(key: string, signal?: AbortSignal): Promise<{ data: Buffer; info: ObjectInfo } | undefined>

  /**
   * Bytes `start` (inclusive) to `end` (exclusive); fewer when the object ends before. Whoever reads checks the
   * SHA-256 of the whole, so an object that changes between two ranges needs no care here.
   * @throws StoreError `not-found` when there is no such object
   */
  readRange(key: string, start: number, end: number, signal?: AbortSignal): AsyncIterable<Uint8Array>

  /**
   * Writes a whole object; a reader sees all of it or nothing.
   * @returns the new object, or undefined when the condition did not hold (nothing was written then)
   */
  write(
    key: string,
    content: Content,
    condition: WriteCondition,
    signal?: AbortSignal,
  ): Promise<ObjectInfo | undefined>

  /**
   * Deletes an object that still has this ETag. Only for objects that are written once and never replaced.
   * @returns whether it is gone by our doing; false when it was changed or is not there
   */
  delete(key: string, etag: string, signal?: AbortSignal): Promise<boolean>

  /** All objects whose key starts with `prefix`, in key order. */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<ObjectInfo>
}
