import type { Bundle } from '@repo/model-bundle'
import type { Classifier } from '../classifier.js'
import type { TensorInfo } from '../model.js'
import type { Timings } from '../timings.js'

/**
 * Answers one kind of request inside a worker.
 * @param parts the request's bytes, as many parts as the kind has
 * @param detail whatever else the kind needs, in text
 * @param timings for the classifier to add to
 * @returns the answer in text, ready to be sent on
 */
export type Handler = (parts: Uint8Array[], detail: string, timings: Timings) => Promise<string>

/** What a handlers module exports as `createHandlers`: called once in every worker. */
export type CreateHandlers = (classifier: Classifier) => Record<string, Handler>

/** What a worker loads. */
export interface WorkerSettings {
  /** The model's, read but not yet loaded. */
  bundle: Bundle
  /** URL of the handlers module. */
  handlers: string
  threads: number
  maxPixels: number
  maxDecodeBytes: number
  /** The same for all workers. */
  decodeLock: SharedArrayBuffer
  /** Instead of the bundle's own ONNX file. */
  optimisedGraph: string | undefined
}

/** What a worker learns while it starts. */
export interface WorkerInfo {
  onnxRuntime: string
  /** Milliseconds of one run of the model. */
  runMs: number
  input: TensorInfo
  output: TensorInfo
}

/** One request, as a worker gets it. */
export interface WorkerJob {
  id: number
  kind: string
  parts: ArrayBuffer[]
  detail: string
}

export type ToWorker =
  | { type: 'load'; settings: WorkerSettings }
  | { type: 'run'; jobs: WorkerJob[] }
  | { type: 'stop' }

/** An error that crosses threads: only what the other side may see. */
export interface PlainError {
  name: string
  code?: string
  message: string
  /** What a handler's error says besides its message, for the answer. */
  details?: object
}

/** What became of one request. */
export type WorkerAnswer = { id: number; timings: Timings } & ({ answer: string } | { error: PlainError })

export type FromWorker =
  | { type: 'ready'; info: WorkerInfo }
  | { type: 'failed'; error: PlainError }
  | { type: 'progress'; id: number }
  | { type: 'answers'; answers: WorkerAnswer[] }
