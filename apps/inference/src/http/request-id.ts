import { randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'

/** Every answer carries `x-request-id`: the caller's own, if it is a plain one, else a new one. */
export const requestId: RequestHandler = (req, res, next) => {
  const given = req.get('x-request-id')
  res.setHeader('x-request-id', given && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID())
  next()
}
