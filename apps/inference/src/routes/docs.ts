import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import type { RequestHandler } from 'express'
import { pagePolicy } from '../http/page-policy.js'
import { HttpError } from '../http/problem.js'

const VIEWER = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Inference API</title>
<link rel="icon" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
<script defer src="docs/swagger-ui-bundle.js"></script>
<script defer src="docs/start.js"></script>
</head>
<body>
<div id="viewer"></div>
<noscript>The API is described in <a href="openapi.json">openapi.json</a>.</noscript>
</body>
</html>
`

/** In a file of its own, since the page allows no script inside it. */
const START = `SwaggerUIBundle({
  dom_id: '#viewer',
  url: 'openapi.json',
  // Otherwise the viewer would ask a validator on the Internet.
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
})
`

/** The viewer draws its icons with data: URLs. */
const POLICY = pagePolicy('data:')

/** GET /docs — /openapi.json to read and to try out, by Swagger UI out of node_modules; no other host is asked. */
export const docs: RequestHandler = (req, res) => {
  // The page's links are relative, so that it works below any prefix that an ingress adds.
  if (req.path.endsWith('/')) return res.redirect(301, '../docs')
  return res.set('content-security-policy', POLICY).type('html').send(PAGE)
}

const FILES = new Set(['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'])

/** GET /docs/{file} — what the page consists of. */
export const docsFile: RequestHandler = (req, res) => {
  const { file } = req.params as { file: string }
  if (file === 'start.js') return res.type('text/javascript').send(START)
  if (!FILES.has(file)) throw new HttpError('not-found', `the page has no file "${file}"`)
  return res.sendFile(file, { root: VIEWER, maxAge: '1h' })
}
