import { type Request, type RequestHandler, Router } from 'express'
import type { Logger } from 'pino'
import { HttpError, onlyMethods, protocolErrorHandler } from '../http/problem.js'
import { answerFromWorker, type RequestLimits } from '../http/worker-answer.js'
import type { Metrics } from '../metrics.js'
import type { ModelService } from '../model-service.js'
import { tensorMetadata } from '../open-inference/metadata.js'
import type { AppVersion } from './version.js'

export interface OpenInferenceDeps {
  service: ModelService
  logger: Logger
  limits: RequestLimits
  version: AppVersion
  metrics: Metrics
  /** Lets pass who may ask. */
  guard: RequestHandler
}

/**
 * The Open Inference Protocol, version 2, that KServe, Triton and MLServer speak too.
 * @see https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 */
export function openInference(deps: OpenInferenceDeps): Router {
  const { service, logger, metrics, limits, version, guard } = deps
  const router = Router()
  const ready = () => service.state === 'ready'

  router.get('/health/live', (_req, res) => {
    const live = service.state !== 'failed'
    res.status(live ? 200 : 503).json({ live })
  })
  router.get('/health/ready', (_req, res) => {
    res.status(ready() ? 200 : 503).json({ live: service.state !== 'failed', ready: ready() })
  })

  // Health stays open to the platform; what follows may want a key.
  router.use(guard)
  router.get('/', (_req, res) => {
    res.json({ name: 'devops-for-ai-apps', version: version.version, extensions: [] })
  })
  for (const model of ['/models/:model', '/models/:model/versions/:version']) {
    router.get(model, onlyOurModel(service), (_req, res) => {
      const { manifest, tensors } = service.model
      res.json({
        name: manifest.name,
        versions: [manifest.version],
        platform: 'onnx_onnxv1',
        inputs: [tensorMetadata(tensors.input)],
        outputs: [tensorMetadata(tensors.output)],
      })
    })
    router.get(`${model}/ready`, onlyOurModel(service), (_req, res) => {
      res.status(ready() ? 200 : 503).json({ name: service.model.manifest.name, ready: ready() })
    })
    router.post(`${model}/infer`, onlyOurModel(service), async (req, res) => {
      if (!req.is('application/json')) {
        throw new HttpError(
          'unsupported-media-type',
          `infer takes application/json; got ${req.get('content-type') ?? 'no Content-Type'}`,
        )
      }
      await answerFromWorker(req, res, 'infer', { service, limits })
    })
    router.all(model, onlyMethods('GET', 'HEAD'))
    router.all(`${model}/ready`, onlyMethods('GET', 'HEAD'))
    router.all(`${model}/infer`, onlyMethods('POST'))
  }

  for (const path of ['/', '/health/live', '/health/ready']) router.all(path, onlyMethods('GET', 'HEAD'))
  router.use((req) => {
    throw new HttpError('not-found', `there is no ${req.originalUrl.split('?')[0]}`)
  })
  router.use(protocolErrorHandler({ logger, metrics }))
  return router
}

/** Lets requests for the model and version that is served pass; before it is loaded nobody knows its name. */
function onlyOurModel(service: ModelService): RequestHandler {
  return (req: Request, _res, next) => {
    if (!service.bundle) throw service.notReady()
    const { name, version } = service.bundle.manifest
    const wanted = req.params as { model: string; version?: string }
    if (wanted.model !== name)
      throw new HttpError('not-found', `there is no model "${wanted.model}"; this server has "${name}"`)
    if (wanted.version !== undefined && wanted.version !== version) {
      throw new HttpError(
        'not-found',
        `there is no version "${wanted.version}" of ${name}; this server has "${version}"`,
      )
    }
    next()
  }
}
