import { type Request, type RequestHandler, type Response, Router } from 'express'
import type { Logger } from 'pino'
import { mediaType } from '../http/media-type.js'
import { HttpError, onlyMethods, protocolErrorHandler } from '../http/problem.js'
import { sendJson } from '../http/send-json.js'
import { answerFromWorker, type RequestLimits } from '../http/worker-answer.js'
import type { Metrics } from '../metrics.js'
import type { ModelService } from '../model-service.js'
import { JSON_LENGTH_HEADER, unpackAnswer } from '../open-inference/binary-answer.js'
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
    res.json({ name: 'devops-for-ai-apps', version: version.version, extensions: ['binary_tensor_data'] })
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
      if (!ready()) res.status(503).set('retry-after', '1')
      res.json({ name: service.model.manifest.name, ready: ready() })
    })
    router.post(`${model}/infer`, onlyOurModel(service), async (req, res) => {
      checkType(req)
      await answerFromWorker(req, res, 'infer', { service, limits }, (answer) => sendAnswer(res, answer))
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

/**
 * Without a type a body is taken for JSON, since Triton's clients send none; bytes after the JSON are told by a header of
 * their own. @throws HttpError
 */
function checkType(req: Request): void {
  const type = mediaType(req)
  if (['', 'application/json'].includes(type)) return
  if (type === 'application/octet-stream' && req.get(JSON_LENGTH_HEADER) !== undefined) return
  throw new HttpError(
    'unsupported-media-type',
    `infer takes application/json, or application/octet-stream with ${JSON_LENGTH_HEADER}; got ${type}`,
  )
}

function sendAnswer(res: Response, answer: string): void {
  const binary = unpackAnswer(answer)
  if (!binary) {
    sendJson(res, answer)
    return
  }
  const json = Buffer.from(binary.json)
  res.set(JSON_LENGTH_HEADER, String(json.length)).type('application/octet-stream')
  res.send(Buffer.concat([json, binary.bytes]))
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
