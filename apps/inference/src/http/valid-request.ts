import type { RequestHandler } from 'express'
import { HttpError } from './problem.js'

/** Refuses what Node.js would refuse without a word, in a log or to the client. */
export const validRequest: RequestHandler = (req, _res, next) => {
  const { host, expect } = req.headers
  if (host === undefined && req.httpVersion === '1.1')
    throw new HttpError('malformed-request', 'a request of HTTP/1.1 needs a Host header', {
      connection: 'close',
    })
  if (expect !== undefined && !/^100-continue$/i.test(expect))
    throw new HttpError('expectation-failed', 'the only expectation that is met is 100-continue')
  next()
}
