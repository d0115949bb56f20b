import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { WorkerHandle } from '@repo/classifier/worker'
import type { Logger } from 'pino'
import { type Env, readEnv } from './env.js'
import { BodyBudget } from './http/body-budget.js'
import { createHttpServer } from './http/server.js'
import { LocalModel } from './local-model.js'
import { createLogger } from './logger.js'
import type { ModelService } from './model-service.js'
import { packageFolder } from './package-folder.js'
import { shutDown } from './shutdown.js'
import { endAtOnce } from './signals.js'
import { startTracing, tracingOptions } from './tracing.js'

/**
 * The process: environment, start, end. Resolves when the model is served.
 * @param worker loads its code already; it gets the model, or is stopped where no model is loaded
 * @param asked resolves with the signal that asks to end
 */
export async function serve(worker: WorkerHandle, asked: Promise<NodeJS.Signals>): Promise<void> {
  const env = await environment(worker)
  const logger = await createLogger(env.LOG_LEVEL)
  const version = {
    version: env.APP_VERSION ?? packageVersion(),
    commit: env.APP_COMMIT,
    ...(env.IMAGE_DIGEST !== undefined && { imageDigest: env.IMAGE_DIGEST }),
    ...(env.POD_NAME !== undefined && { pod: env.POD_NAME }),
  }
  const service = await modelService(env, logger, worker)
  const fail = async (error: Error, what: string) => {
    logger.fatal(`${what}: ${error.message}`)
    // A worker must not be ended while it loads.
    await service.stop()
    process.exit(1)
  }
  const started = service.start().catch((error) => fail(error, 'the model cannot be served'))
  // Loaded while a worker loads the model.
  const [{ createApp }, { Metrics }, { Registry }] = await Promise.all([
    import('./app.js'),
    import('./metrics.js'),
    import('prom-client'),
  ])
  const wanted = tracingOptions(env, version.version)
  const tracing = wanted && (await startTracing(wanted, logger))
  const metrics = new Metrics(new Registry())
  const app = createApp({
    service,
    logger,
    limits: {
      bodyBytes: env.BODY_LIMIT_BYTES,
      images: env.MAX_IMAGES,
      budget: new BodyBudget(env.MAX_BUFFERED_BYTES),
    },
    version,
    metrics,
    apiKeys: env.API_KEYS,
    ...(tracing && { tracing }),
  })

  const limits = {
    headersTimeoutMs: env.HEADERS_TIMEOUT_MS,
    requestTimeoutMs: env.REQUEST_TIMEOUT_MS,
    keepAliveTimeoutMs: env.KEEP_ALIVE_TIMEOUT_MS,
    connections: env.MAX_CONNECTIONS,
  }
  const { server, connections } = createHttpServer(app, limits, { logger, metrics })
  server.once('error', (error) => fail(error, `cannot listen on ${env.HOST}:${env.PORT}`))
  server.listen(env.PORT, env.HOST, () => logger.info({ address: server.address() }, 'listening'))

  const stop = async (signal: NodeJS.Signals) => {
    logger.info({ signal }, 'stopping: no longer ready, finishing what has begun')
    const options = {
      server,
      connections,
      service,
      logger,
      delayMs: env.SHUTDOWN_DELAY_MS,
      graceMs: env.SHUTDOWN_GRACE_MS,
    }
    if (!(await shutDown(options))) endAtOnce()
    await tracing?.stop()
    logger.info('stopped')
    process.exit(0)
  }
  void asked.then(stop)

  // The probes answer while the model loads.
  await started
  const manifest = service.bundle?.manifest
  logger.info({ model: manifest?.name, version: manifest?.version }, 'ready')
}

/** Ends the process when a variable is wrong. */
async function environment(worker: WorkerHandle): Promise<Env> {
  try {
    return readEnv()
  } catch (error) {
    console.error((error as Error).message)
    // A thread must not be ended while it loads.
    await worker.stop()
    process.exit(2)
  }
}

/** The model in this process, or at the endpoint that is named. */
async function modelService(env: Env, logger: Logger, worker: WorkerHandle): Promise<ModelService> {
  if (env.MODEL_ENDPOINT !== undefined) {
    await worker.stop()
    const { RemoteModel } = await import('./remote-model.js')
    const options = {
      endpoint: env.MODEL_ENDPOINT,
      modelFolder: env.MODEL_DIR,
      limit: env.QUEUE_LIMIT,
      timeoutMs: env.RUN_TIMEOUT_MS,
      ...(env.MODEL_ENDPOINT_API_KEY === undefined ? {} : { apiKey: env.MODEL_ENDPOINT_API_KEY }),
    }
    return new RemoteModel(options, logger)
  }
  return new LocalModel(
    {
      modelFolder: env.MODEL_DIR,
      threads: env.THREADS_PER_RUN,
      maxPixels: env.MAX_IMAGE_PIXELS,
      maxDecodeBytes: env.MAX_DECODE_BYTES,
      queueLimit: env.QUEUE_LIMIT,
      queueTimeoutMs: env.QUEUE_TIMEOUT_MS,
      runTimeoutMs: env.RUN_TIMEOUT_MS,
      firstWorker: worker,
      ...(env.WORKERS === undefined ? {} : { workers: env.WORKERS }),
      ...(env.GRAPH_CACHE_DIR === undefined
        ? {}
        : { graphCache: { folder: env.GRAPH_CACHE_DIR, log: (message) => logger.info(message) } }),
    },
    logger,
  )
}

/** The version in this app's package.json. */
function packageVersion(): string {
  return JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')).version
}
