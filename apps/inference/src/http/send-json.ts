import type { Response } from 'express'

/** Like `res.type(type).send(json)`, which looks up types and charsets: for a small answer that is work to notice. */
export function sendJson(res: Response, json: string, type = 'application/json'): void {
  res.setHeader('content-type', `${type}; charset=utf-8`)
  res.end(json)
}
