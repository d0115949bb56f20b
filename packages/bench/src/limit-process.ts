/** A process of its own that classifies one image again and again in several threads; see limit.ts. */
import { readFileSync } from 'node:fs'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Classifier } from '@repo/classifier/engine'

interface Work {
  modelFolder: string
  imageFile: string
  inFlight: number
  seconds: number
}

async function main(args: string[]): Promise<void> {
  const [modelFolder = '', imageFile = '', inFlight, seconds, threads] = args
  const work: Work = { modelFolder, imageFile, inFlight: Number(inFlight), seconds: Number(seconds) }
  const workers = Array.from(
    { length: Number(threads) },
    () => new Worker(new URL(import.meta.url), { workerData: work }),
  )
  const each = () =>
    Promise.all(workers.map((worker) => new Promise<number>((resolve) => worker.once('message', resolve))))
  await each()
  for (const worker of workers) worker.postMessage('start')
  const done = await each()
  console.log(done.reduce((sum, images) => sum + images, 0) / work.seconds)
}

async function classifyAlways({ modelFolder, imageFile, inFlight, seconds }: Work): Promise<void> {
  const classifier = await Classifier.load(modelFolder)
  await classifier.warmUp()
  const image = readFileSync(imageFile)
  await classifier.classify(image)
  parentPort?.once('message', async () => {
    const end = performance.now() + seconds * 1000
    let done = 0
    const loop = async () => {
      while (performance.now() < end) {
        await classifier.classify(image)
        if (performance.now() <= end) done++
      }
    }
    await Promise.all(Array.from({ length: inFlight }, loop))
    await classifier.release()
    parentPort?.postMessage(done)
  })
  parentPort?.postMessage('ready')
}

if (isMainThread) await main(process.argv.slice(2))
else await classifyAlways(workerData as Work)
