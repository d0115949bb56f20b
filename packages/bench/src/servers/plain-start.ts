/**
 * A plain start, which the app's own is held against: everything is imported, each file's hash is checked, every core's
 * worker loads the model's own graph, and only then anybody is answered. So this app began.
 * `node plain-start.js <model folder> <port>`.
 */
import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { cpuLimit } from '@repo/classifier'
import { Classifier } from '@repo/classifier/engine'
import { verifyBundle } from '@repo/model-bundle'
import express from 'express'

async function main([folder = '', port = '0']: string[]): Promise<void> {
  const workers = Array.from(
    { length: cpuLimit() },
    () => new Worker(new URL(import.meta.url), { workerData: folder }),
  )
  await Promise.all([verifyBundle(folder), ...workers.map((worker) => once(worker, 'message'))])
  const [first] = workers as [Worker]
  const app = express()
  app.use(express.json({ limit: '64mb' }))
  app.get('/healthz', (_req, res) => {
    res.json({ status: 'ok' })
  })
  app.post('/score', async (req, res) => {
    const [image] = JSON.parse(req.body.input)
    first.postMessage(Buffer.from(image, 'base64'))
    const [predictions] = await once(first, 'message')
    res.json(predictions)
  })
  app.listen(Number(port), '127.0.0.1')
  process.once('SIGTERM', async () => {
    for (const worker of workers) worker.postMessage('stop')
    await Promise.all(workers.map((worker) => once(worker, 'exit')))
    process.exit(0)
  })
}

async function work(folder: string): Promise<void> {
  const classifier = await Classifier.load(folder)
  await classifier.warmUp()
  parentPort?.on('message', async (message: Uint8Array | 'stop') => {
    if (message !== 'stop') return parentPort?.postMessage(await classifier.classify(message))
    await classifier.release()
    parentPort?.close()
  })
  parentPort?.postMessage('ready')
}

if (isMainThread) await main(process.argv.slice(2))
else await work(workerData)
