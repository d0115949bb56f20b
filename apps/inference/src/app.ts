import express, { type Express, type RequestHandler } from 'express'
import helmet from 'helmet'
import type { Logger } from 'pino'
import { accessLog } from './http/access-log.js'
import { apiKeys } from './http/api-keys.js'
import { notFound, onlyMethods, problemHandler } from './http/problem.js'
import { requestId } from './http/request-id.js'
import { type RouteTemplates, readTemplates } from './http/route-templates.js'
import { servedBy } from './http/served-by.js'
import { traceContext } from './http/trace-context.js'
import { validRequest } from './http/valid-request.js'
import type { RequestLimits } from './http/worker-answer.js'
import type { Metrics } from './metrics.js'
import type { ModelService } from './model-service.js'
import { docs, docsFile } from './routes/docs.js'
import { healthz, readyz } from './routes/health.js'
import { home, pageAssets } from './routes/home.js'
import { metricsText } from './routes/metrics.js'
import { model, sampleImage } from './routes/model.js'
import { openInference } from './routes/open-inference.js'
import { openApi } from './routes/openapi.js'
import { preview } from './routes/preview.js'
import { score } from './routes/score.js'
import { type AppVersion, version } from './routes/version.js'
import type { Tracing } from './tracing.js'

export interface AppDeps {
  service: ModelService
  logger: Logger
  limits: RequestLimits
  version: AppVersion
  metrics: Metrics
  /** Left out, requests make no spans. */
  tracing?: Tracing
  /** Of which callers must send one; none lets everybody pass. */
  apiKeys?: readonly string[]
}

/** The whole API: one flat list of middleware, one flat list of routes. */
export function createApp(deps: AppDeps): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')

  app.use(requestId)
  app.use(traceContext(deps.tracing))
  const templates: RouteTemplates = new Map()
  app.use(accessLog({ ...deps, templates }))
  // A page has a policy of its own besides, and helmet's other headers; answers for programs are never guessed at.
  app.use(helmet.xContentTypeOptions())
  app.use(servedBy(deps.service, deps.version.pod))
  app.use(closeConnection(deps.service))
  app.use(validRequest)

  const guard = apiKeys(deps.apiKeys ?? [])
  const v2 = openInference({ ...deps, guard })
  const problem = problemHandler(deps)
  // First, since it is what nearly every request asks for; with its errors' handler, or each would walk past all routes.
  app.post('/score', guard, score(deps), problem)
  app.get('/', helmet(), home)
  app.use('/assets', pageAssets)
  app.get('/healthz', healthz(deps.service))
  app.get('/readyz', readyz(deps.service))
  app.get('/metrics', metricsText(deps.metrics))
  app.get('/openapi.json', openApi(deps))
  app.get('/docs', helmet(), docs)
  app.get('/docs/:file', docsFile)
  app.use('/v2', v2)
  app.use(guard)
  app.post('/preview', preview(deps))
  app.get('/version', version(deps.version, deps.service))
  app.get('/model', model(deps.service))
  app.get('/model/samples/:sha256', sampleImage(deps.service))

  for (const path of ['/score', '/preview']) app.all(path, onlyMethods('POST'))
  for (const path of GET_ONLY) app.all(path, onlyMethods('GET', 'HEAD'))
  app.use(notFound)
  app.use(problem)

  readTemplates(templates, { '': app.router, '/v2': v2 })
  deps.metrics.watch(deps.service, deps.limits.budget)
  return app
}

const GET_ONLY = [
  ...['/', '/healthz', '/readyz', '/metrics', '/openapi.json', '/docs', '/docs/:file'],
  ...['/version', '/model', '/model/samples/:sha256'],
]

/**
 * While we are about to stop, each connection ends with its answer, so that clients turn to another pod. So it does for
 * who asks by `x-connection: close`: a browser may not send `Connection` itself, and a load balancer that deals out
 * connections would show it one pod for ever.
 */
function closeConnection(service: ModelService): RequestHandler {
  return (req, res, next) => {
    if (service.state === 'draining' || req.headers['x-connection'] === 'close')
      res.set('connection', 'close')
    next()
  }
}
