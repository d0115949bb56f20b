import type { Request, Response } from 'express'
import type { ModelService } from '../model-service.js'
import { JSON_LENGTH_HEADER } from '../open-inference/binary-answer.js'
import type { WorkObserver } from '../request-trace.js'
import type { RequestKind } from '../worker/handlers.js'
import { readBody } from './body.js'
import type { BodyBudget } from './body-budget.js'
import { onwardHeaders } from './onward-headers.js'
import { sendJson } from './send-json.js'
import { serverTiming } from './server-timing.js'

/** What requests may bring. */
export interface RequestLimits {
  /** Of one body. */
  bodyBytes: number
  /** In one request. */
  images: number
  /** Shared by all requests. */
  budget: BodyBudget
}

/**
 * Reads a request's body, has a worker answer it, sends the answer. When nothing could answer it anyway, the body is
 * not read; when the client leaves, it is not run.
 * @param send gives the client what the worker answered; left out, that is JSON
 */
export async function answerFromWorker(
  req: Request,
  res: Response,
  kind: RequestKind,
  { service, limits }: { service: ModelService; limits: RequestLimits },
  send = (answer: string): unknown => sendJson(res, answer),
): Promise<void> {
  service.assertUsable()
  const share = limits.budget.open()
  try {
    const body = await readBody(req, limits.bodyBytes, share)
    // The client left while its body came.
    if (res.destroyed) return
    const detail = {
      maxImages: limits.images,
      contentType: req.get('content-type') ?? '',
      jsonLength: req.get(JSON_LENGTH_HEADER),
    }
    const caller = { left: () => callerLeft(res), onward: () => onwardHeaders(req, res) }
    const observer: WorkObserver = {
      worked(submitted, started, timings) {
        res.set('server-timing', serverTiming(started - submitted, timings))
        res.locals.trace?.worked(submitted, started, timings)
      },
    }
    send(await service.submit(kind, body, detail, caller, observer))
  } finally {
    share.giveBack()
  }
}

/** @returns aborted when the client leaves before it has its answer */
function callerLeft(res: Response): AbortSignal {
  const caller = new AbortController()
  res.once('close', () => {
    if (!res.writableFinished) caller.abort()
  })
  return caller.signal
}
