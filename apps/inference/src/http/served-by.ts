import type { RequestHandler } from 'express'
import type { ModelService } from '../model-service.js'

/**
 * Every answer says who gave it: `x-model-version`, once the model is loaded, and `x-pod`. While an update rolls out,
 * or a canary runs, that is how a client sees which of the versions it met.
 * @param pod undefined where the platform did not tell
 */
export function servedBy(service: ModelService, pod: string | undefined): RequestHandler {
  return (_req, res, next) => {
    if (pod !== undefined) res.setHeader('x-pod', pod)
    const { identity } = service
    if (identity) res.setHeader('x-model-version', identity.version)
    next()
  }
}
