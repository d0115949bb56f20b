import type { CreateHandlers, Timings } from '@repo/classifier'
import { type InferKind, inferHandlers } from './infer.js'
import { type PreviewKind, previewHandlers } from './preview.js'
import { type ScoreKind, scoreHandlers } from './score.js'

/** What the workers can be asked. */
export type RequestKind = ScoreKind | InferKind | PreviewKind

/** What a handler needs to know besides the body. */
export interface RequestDetail {
  maxImages: number
  /** The Content-Type header. */
  contentType: string
  /** The Inference-Header-Content-Length header, when there was one. */
  jsonLength?: string | undefined
}

/** Answers one kind of request: a body in, the answer's text out. @throws RequestError */
export type WorkerHandler = (body: Uint8Array, detail: RequestDetail, timings: Timings) => Promise<string>

/** Called once in every worker. */
export const createHandlers: CreateHandlers = (classifier) => {
  const handlers: Record<RequestKind, WorkerHandler> = {
    ...scoreHandlers(classifier),
    ...inferHandlers(classifier),
    ...previewHandlers(classifier),
  }
  return Object.fromEntries(
    Object.entries(handlers).map(([kind, handle]) => [
      kind,
      (parts: Uint8Array[], detail: string, timings: Timings) =>
        handle(joined(parts), JSON.parse(detail), timings),
    ]),
  )
}

/** A body comes in parts, as the network delivered it. */
function joined(parts: Uint8Array[]): Uint8Array {
  const [only] = parts
  return parts.length === 1 && only ? only : Buffer.concat(parts)
}
