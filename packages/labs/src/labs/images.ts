import { existsSync } from 'node:fs'
import type { Workbench } from '../workbench.js'

/** The labs' image number 1 or 2 carries the sample model's version 1.0.0 or 2.0.0. */
export type ImageNumber = 1 | 2

export const imageName = (number: ImageNumber) => `inference:lab-${number}`

/** Pulls the model and builds the image, unless it is there with its list of parts: another checkout may have built it. */
export async function ensureImage(bench: Workbench, number: ImageNumber): Promise<void> {
  const isListed = existsSync(bench.path('out', 'sbom.cdx.json'))
  if (isListed && (await inspect(bench, number).catch(() => undefined))) return
  const model = bench.path('model')
  const settings = { MODEL_STORE: bench.store.url, MODEL_NAME: 'fashion-mnist', MODEL_DIR: model }
  await bench.script('model-pull.sh', { ...settings, MODEL_VERSION: `${number}.0.0` })
  await bench.script('image-build.sh', { MODEL_DIR: model, IMAGE: imageName(number) })
}

/** Pushes the image. @returns its digest, as the registry gives it */
export async function ensurePushed(bench: Workbench, number: ImageNumber): Promise<string> {
  await ensureImage(bench, number)
  await bench.script('image-push.sh', { IMAGE: imageName(number), TAG: `lab-${number}` })
  return bench.output('imageDigest')
}

/** What the engine knows of an image. @throws Error when it is not there */
export async function inspect(
  bench: Workbench,
  number: ImageNumber,
): Promise<{ labels: Record<string, string>; layers: string[] }> {
  const [image] = JSON.parse(await bench.engine('image', 'inspect', imageName(number)))
  return { labels: image.Config?.Labels ?? {}, layers: image.RootFS.Layers }
}
