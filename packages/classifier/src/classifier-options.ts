export interface ClassifierOptions {
  /** Threads of one run. Default 1: parallel work comes from several workers. */
  threads?: number
  /** Images of more pixels are refused. Default 50 megapixels. */
  maxPixels?: number
  /** Images whose decoding would take more memory, in bytes, are refused. Default 256 MiB. */
  maxDecodeBytes?: number
  /** Shared by all threads of a process, see decode-lock.ts. Default: this classifier has one of its own. */
  decodeLock?: SharedArrayBuffer
  /** A graph that was optimised for this machine, instead of the bundle's own, see optimised-graph.ts. */
  optimisedGraph?: string | undefined
}

export const DEFAULT_MAX_PIXELS = 50_000_000
export const DEFAULT_MAX_DECODE_BYTES = 256 * 1024 * 1024
