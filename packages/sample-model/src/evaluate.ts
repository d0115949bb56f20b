/**
 * npm run evaluate                    measures both bundles through the serving code, and writes what it finds into
 *                                     their manifests
 * npm run evaluate -- --url <app>     posts the whole test set to a running app and compares with its model's manifest
 */
import { parseArgs } from 'node:util'
import { Classifier } from '@repo/classifier/engine'
import { readBundle, writeManifest } from '@repo/model-bundle'
import { readTestSet, type TestSet } from './data-set.js'
import { env } from './env.js'
import { sampleBundles, sampleModelName } from './index.js'
import { measure } from './metrics.js'

const showProgress = (done: number) => {
  if (process.stderr.isTTY && done % 100 === 0) process.stderr.write(`\r${done} images `)
}

async function evaluateBundle(folder: string, testSet: TestSet): Promise<void> {
  const classifier = await Classifier.load(folder)
  const { manifest, labels } = classifier.bundle
  const predict = async (png: Uint8Array) => (await classifier.classify(png, 1))[0]?.index ?? -1
  const metrics = await measure(testSet, labels.length, predict, showProgress)
  await classifier.release()
  const { files, ...description } = manifest
  await writeManifest(folder, { ...description, metrics })
  console.log(
    `${manifest.name} ${manifest.version}: ${metrics.top1} % of ${files.length && metrics.samples} images are right`,
  )
}

/** @returns whether the app's answers are as good as its model's manifest says */
async function evaluateApp(url: string, testSet: TestSet): Promise<boolean> {
  const { model } = (await (await fetch(new URL('/version', url))).json()) as {
    model: { name: string; version: string }
  }
  const bundles = await Promise.all(sampleBundles.map(readBundle))
  const bundle = bundles.find(({ manifest }) => manifest.version === model.version)
  if (model.name !== sampleModelName || !bundle?.manifest.metrics) {
    throw new Error(
      `${url} serves ${model.name} ${model.version}; this command knows the figures of ${sampleModelName} only`,
    )
  }
  const predict = async (png: Uint8Array) => {
    const response = await fetch(new URL('/score', url), {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body: png,
    })
    if (!response.ok) throw new Error(`POST /score answered ${response.status}: ${await response.text()}`)
    const answer = (await response.json()) as { result: [[[string, number]][], string] }
    return bundle.labels.indexOf(answer.result[0][0]?.[0][0] ?? '')
  }
  const metrics = await measure(testSet, bundle.labels.length, predict, showProgress)
  const said = bundle.manifest.metrics.top1
  console.log(
    `${url} serves ${model.name} ${model.version}: ${metrics.top1} % of ${metrics.samples} images are right; its manifest says ${said} %`,
  )
  return metrics.top1 === said
}

const { values } = parseArgs({ options: { url: { type: 'string' } } })
const testSet = await readTestSet(env.FASHION_MNIST_DIR).catch((error: Error) => {
  console.error(error.message)
  process.exit(3)
})
if (values.url === undefined) {
  for (const folder of sampleBundles) await evaluateBundle(folder, testSet)
} else if (!(await evaluateApp(values.url, testSet))) {
  process.exitCode = 1
}
