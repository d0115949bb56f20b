import type { Prediction, Timings } from '@repo/classifier'
import type { Classifier } from '@repo/classifier/engine'
import { eachImage } from './content.js'
import type { WorkerHandler } from './handlers.js'
import { imagesFromMultipart } from './multipart.js'
import { imagesFromUsualJson } from './usual-score-request.js'

/** The forms in which images may come to POST /score. */
export type ScoreKind = 'score-json' | 'score-image' | 'score-multipart'

/** How many labels an image gets, as in the original. */
const TOP = 3

/** Answers POST /score: reads the images out of a body, classifies them, writes the answer. */
export function scoreHandlers(
  classifier: Pick<Classifier, 'classify'> & Partial<Pick<Classifier, 'newAllowance'>>,
): Record<ScoreKind, WorkerHandler> {
  const scored = async (timings: Timings, read: () => Uint8Array[] | Promise<Uint8Array[]>) => {
    const start = performance.now()
    const images = await read()
    const allowance = classifier.newAllowance?.()
    const results = await eachImage(images, async (image) => {
      return (await classifier.classify(image, TOP, timings, allowance)).map(labelAndPercent)
    })
    return scoreAnswer(results, performance.now() - start)
  }
  return {
    'score-json': (body, { maxImages }, timings) => scored(timings, () => imagesFromJson(body, maxImages)),
    'score-image': (body, _detail, timings) => scored(timings, () => [body]),
    'score-multipart': (body, { maxImages, contentType }, timings) =>
      scored(timings, () => imagesFromMultipart(body, contentType, maxImages)),
  }
}

async function imagesFromJson(body: Uint8Array, maxImages: number): Promise<Uint8Array[]> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  const images = imagesFromUsualJson(bytes, maxImages)
  if (images) return images
  // Loaded when it is needed first: its validator would make every worker's start longer.
  const { imagesFromAnyJson } = await import('./score-request.js')
  return imagesFromAnyJson(bytes, maxImages)
}

/** `{"result": [[[[label, percent], ... best first], ... one for each image], "Computed in N ms"]}` */
function scoreAnswer(images: (readonly [string, number])[][], ms: number): string {
  return JSON.stringify({ result: [images, `Computed in ${ms.toFixed(1)} ms`] })
}

/** Percent with two decimals. */
function labelAndPercent({ label, probability }: Prediction): readonly [string, number] {
  return [label, Math.round(probability * 10_000) / 100]
}
