import { ClassifierError, type CreateHandlers, type Prediction } from '@repo/classifier'
import { ScoreError, type ScoreErrorCode } from './errors.js'
import { imagesFromMultipart } from './multipart.js'
import { imagesFromJson } from './score-request.js'

/** The forms in which images may come to POST /score. */
export type ScoreKind = 'score-json' | 'score-image' | 'score-multipart'

/** What a score handler needs to know besides the body. */
export interface ScoreDetail {
  maxImages: number
  /** The Content-Type header. */
  contentType: string
}

/** How many labels an image gets, as in the original. */
const TOP = 3

/** Runs in every worker: reads the images out of a body, classifies them, writes the answer. */
export const createHandlers: CreateHandlers = (classifier) => {
  const score = async (images: Uint8Array[], start: number) => {
    const results: (readonly [string, number])[][] = []
    for (const [index, image] of images.entries()) {
      const predictions = await classifier.classify(image, TOP).catch((error) => aboutImage(error, index))
      results.push(predictions.map(labelAndPercent))
    }
    return scoreAnswer(results, performance.now() - start)
  }
  const handlers: Record<ScoreKind, (body: Uint8Array, detail: ScoreDetail) => Promise<string>> = {
    'score-json': async (body, { maxImages }) => {
      const start = performance.now()
      return score(imagesFromJson(body, maxImages), start)
    },
    'score-image': (body) => score([body], performance.now()),
    'score-multipart': async (body, { maxImages, contentType }) => {
      const start = performance.now()
      return score(await imagesFromMultipart(body, contentType, maxImages), start)
    },
  }
  return Object.fromEntries(
    Object.entries(handlers).map(([kind, handle]) => [
      kind,
      ([body = new Uint8Array()]: Uint8Array[], detail: string) => handle(body, JSON.parse(detail)),
    ]),
  )
}

/** `{"result": [[[[label, percent], ... best first], ... one for each image], "Computed in N ms"]}` */
function scoreAnswer(images: (readonly [string, number])[][], ms: number): string {
  return JSON.stringify({ result: [images, `Computed in ${ms.toFixed(1)} ms`] })
}

/** Percent with two decimals. */
function labelAndPercent({ label, probability }: Prediction): readonly [string, number] {
  return [label, Math.round(probability * 10_000) / 100]
}

/** Says which image an error is about. */
function aboutImage(error: unknown, index: number): never {
  if (!(error instanceof ClassifierError)) throw error
  throw new ScoreError(error.code as ScoreErrorCode, `image ${index}: ${error.message}`, index, {
    cause: error,
  })
}
