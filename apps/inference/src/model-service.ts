import { ClassifierError, type TensorInfo } from '@repo/classifier'
import type { Bundle, Manifest } from '@repo/model-bundle'
import type { Metrics } from './metrics.js'
import type { WorkObserver } from './request-trace.js'
import type { RequestDetail, RequestKind } from './worker/handlers.js'

/** `failed`: the model could not be loaded, or what runs it is lost for good. */
export type ModelState = 'loading' | 'ready' | 'draining' | 'failed'

export interface ModelIdentity {
  name: string
  version: string
  /** Of the model's file. */
  sha256: string
}

/** Who a request comes from, for those who answer it. */
export interface Caller {
  /** Makes a signal that is aborted when the caller leaves; not asked for when nothing could be stopped. */
  left(): AbortSignal
  /** Headers for requests that are made because of this one. */
  onward(): Record<string, string>
}

/** The model behind the HTTP routes: knows whether it can answer, and answers. In this process, or at an endpoint. */
export interface ModelService {
  readonly state: ModelState
  /** What is served; undefined until it is loaded. */
  readonly bundle: Bundle | undefined
  /** Which model is served; undefined until it is loaded. */
  readonly identity: ModelIdentity | undefined
  /** Where the model is, when it is not in this process. */
  readonly endpoint?: string
  /** Requests waiting for a worker, and requests being answered. */
  readonly load: { queued: number; running: number }
  readonly onnxRuntimeVersion: string | undefined
  /** What is served. @throws ClassifierError `not-ready` until it is loaded */
  readonly model: { manifest: Manifest; tensors: { input: TensorInfo; output: TensorInfo } }
  /** From now on these are told of requests and workers. Not there from the start, so that loading them delays nothing. */
  observe(metrics: Metrics): void
  /** Ends when the model can answer. @throws BundleError or ClassifierError; the state is `failed` then */
  start(): Promise<void>
  /** Asks before a request's body is read whether it could be answered. @throws ClassifierError `not-ready` or `queue-full` */
  assertUsable(): void
  /**
   * Has a request body answered, which is handed over.
   * @param body in the parts in which it came
   * @param observer is told what the time went into, before this resolves
   * @returns the answer's text: JSON, unless open-inference/binary-answer.ts has it otherwise
   * @throws an error with a code of http/problem.ts
   */
  submit(
    kind: RequestKind,
    body: ArrayBuffer[],
    detail: RequestDetail,
    caller: Caller,
    observer?: WorkObserver,
  ): Promise<string>
  /** The error for a request that comes while there is no model to answer it. */
  notReady(): ClassifierError
  /** From now on not ready, but still answering what comes. */
  drain(): void
  /** Lets what runs end, then lets go of everything. @returns whether the process can end by itself */
  stop(): Promise<boolean>
}

export function identityOf({ name, version, model, files }: Manifest): ModelIdentity {
  return { name, version, sha256: files.find(({ path }) => path === model)?.sha256 ?? '' }
}

export function notReady(state: ModelState): ClassifierError {
  const message = `the model is ${state === 'failed' ? 'not available' : state}`
  return new ClassifierError('not-ready', message, { retryAfterSeconds: 1 })
}
