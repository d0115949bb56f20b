export interface ClassifierOptions {
  /** Threads of one run. Default 1: parallel work comes from several workers. */
  threads?: number
  /** Images of more pixels are refused. Default 50 megapixels. */
  maxPixels?: number
  /** A graph that was optimised for this machine, instead of the bundle's own, see optimised-graph.ts. */
  optimisedGraph?: string | undefined
}

export const DEFAULT_MAX_PIXELS = 50_000_000
