import type { RequestHandler } from 'express'

/** GET / — what the original answered, so that its clients and load balancers find what they look for. */
export const home: RequestHandler = (_req, res) => {
  res.type('text/plain').send('Healthy')
}
