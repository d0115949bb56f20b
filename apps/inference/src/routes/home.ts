import { join } from 'node:path'
import express, { type RequestHandler } from 'express'
import { pagePolicy } from '../http/page-policy.js'
import { packageFolder } from '../package-folder.js'

/** The built page. */
const PAGE = join(packageFolder, 'dist/web')

/** The page shows images that it holds in memory itself, which have blob: URLs. */
const POLICY = `${pagePolicy('blob:')}; require-trusted-types-for 'script'`

/**
 * GET / — the demo page to browsers; to everybody else what the original answered, so that its clients and load
 * balancers find what they look for.
 */
export const home: RequestHandler = (req, res) => {
  res.vary('accept')
  if (req.accepts(['text/plain', 'text/html']) !== 'text/html') return res.type('text/plain').send('Healthy')
  // Never answered 304: in images that are built reproducibly every version of the page has the same date.
  res.set({ 'content-security-policy': POLICY, 'cache-control': 'no-cache' })
  return res.sendFile('index.html', { root: PAGE, cacheControl: false, lastModified: false })
}

/** GET /assets/{file} — what the page consists of; the names hold hashes of the contents. */
export const pageAssets: RequestHandler = express.static(`${PAGE}/assets`, {
  immutable: true,
  maxAge: '1y',
  lastModified: false,
  index: false,
  redirect: false,
})
