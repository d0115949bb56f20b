import express, { type Express, type RequestHandler } from 'express'
import helmet from 'helmet'
import type { Logger } from 'pino'
import { accessLog } from './http/access-log.js'
import { notFound, onlyMethods, problemHandler } from './http/problem.js'
import { requestId } from './http/request-id.js'
import type { RequestLimits } from './http/worker-answer.js'
import type { ModelService } from './model-service.js'
import { healthz, readyz } from './routes/health.js'
import { home } from './routes/home.js'
import { openInference } from './routes/open-inference.js'
import { score } from './routes/score.js'
import { type AppVersion, version } from './routes/version.js'

export interface AppDeps {
  service: ModelService
  logger: Logger
  limits: RequestLimits
  version: AppVersion
}

/** The whole API: one flat list of middleware, one flat list of routes. */
export function createApp(deps: AppDeps): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')

  app.use(requestId)
  app.use(accessLog(deps.logger))
  app.use(helmet())
  app.use(closeWhenDraining(deps.service))

  app.get('/', home)
  app.post('/score', score(deps))
  app.get('/version', version(deps.version, deps.service))
  app.get('/healthz', healthz(deps.service))
  app.get('/readyz', readyz(deps.service))
  app.use('/v2', openInference(deps))

  app.all('/score', onlyMethods('POST'))
  app.all(['/', '/version', '/healthz', '/readyz'], onlyMethods('GET', 'HEAD'))
  app.use(notFound)
  app.use(problemHandler(deps.logger))
  return app
}

/** While we are about to stop, each connection ends with its answer, so that clients turn to another pod. */
function closeWhenDraining(service: ModelService): RequestHandler {
  return (_req, res, next) => {
    if (service.state === 'draining') res.set('connection', 'close')
    next()
  }
}
