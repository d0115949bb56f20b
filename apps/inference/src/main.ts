/** The process: environment, start, signals. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createApp } from './app.js'
import { type Env, readEnv } from './env.js'
import { createLogger } from './logger.js'
import { ModelService } from './model-service.js'

async function main(env: Env): Promise<void> {
  const logger = await createLogger(env.LOG_LEVEL)
  const service = new ModelService(
    {
      modelFolder: env.MODEL_DIR,
      threads: env.THREADS_PER_RUN,
      maxPixels: env.MAX_IMAGE_PIXELS,
      queueLimit: env.QUEUE_LIMIT,
      queueTimeoutMs: env.QUEUE_TIMEOUT_MS,
      ...(env.WORKERS === undefined ? {} : { workers: env.WORKERS }),
    },
    logger,
  )
  const app = createApp({
    service,
    logger,
    limits: { bodyBytes: env.BODY_LIMIT_BYTES, images: env.MAX_IMAGES },
    version: { version: env.APP_VERSION ?? packageVersion(), commit: env.APP_COMMIT },
  })

  const server = createServer(app)
  const fail = (error: Error, what: string) => {
    logger.fatal(`${what}: ${error.message}`)
    process.exit(1)
  }
  server.once('error', (error) => fail(error, `cannot listen on ${env.HOST}:${env.PORT}`))
  server.listen(env.PORT, env.HOST, () => logger.info({ address: server.address() }, 'listening'))

  let stopping = false
  const stop = async (signal: string) => {
    if (stopping) process.exit(1)
    stopping = true
    logger.info({ signal }, 'stopping: no longer ready, finishing what has begun')
    service.drain()
    server.close()
    server.closeIdleConnections()
    await new Promise((resolve) => (server.listening ? server.once('close', resolve) : resolve(undefined)))
    await service.stop()
    logger.info('stopped')
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)

  // The probes answer while the model loads.
  await service.start().catch((error) => fail(error, 'the model cannot be served'))
  const manifest = service.bundle?.manifest
  logger.info({ model: manifest?.name, version: manifest?.version }, 'ready')
}

/** The version in this app's package.json. */
function packageVersion(): string {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version
}

let env: Env
try {
  env = readEnv()
} catch (error) {
  console.error((error as Error).message)
  process.exit(2)
}
await main(env)
