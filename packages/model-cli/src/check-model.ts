import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StoreError } from '@repo/model-loader'

/** How the model does on the bundle's own samples. */
export interface Quality {
  samples: number
  /** Share of the samples that get their label first; null without samples. */
  accuracy: number | null
  /** Those that do not. */
  wrong: { file: string; label: string; got: string }[]
}

/** The samples are golden cases, not a test set: a model that is to be served gets all of them right. */
const DEFAULT_MIN_ACCURACY = 1

/** The model answers worse than is asked for. */
export class QualityError extends Error {
  override readonly name = 'QualityError'
}

/**
 * Loads the model, which holds its inputs and outputs against the manifest, and runs it on the samples.
 * @param minAccuracy from the command line; 0 to 1
 * @throws ClassifierError when it does not load or fit; QualityError; StoreError `usage`
 */
export async function checkModel(folder: string, minAccuracy?: string): Promise<Quality> {
  const least = minAccuracy === undefined ? DEFAULT_MIN_ACCURACY : Number(minAccuracy)
  if (!(least >= 0 && least <= 1)) {
    throw new StoreError(
      'usage',
      `--min-accuracy ${minAccuracy} is not usable: a number from 0 to 1 is needed.`,
    )
  }
  // ONNX Runtime is large: only the commands that need it load it.
  const { Classifier } = await import('@repo/classifier/engine')
  const classifier = await Classifier.load(folder)
  try {
    await classifier.warmUp()
    const wrong: Quality['wrong'] = []
    const { samples } = classifier.bundle.manifest
    for (const { file, label } of samples) {
      const [best] = await classifier.classify(await readFile(join(folder, file)), 1)
      if (best?.label !== label) wrong.push({ file, label, got: best?.label ?? '' })
    }
    const accuracy = samples.length === 0 ? null : 1 - wrong.length / samples.length
    if (accuracy === null && minAccuracy !== undefined) {
      throw new QualityError(
        `${folder} has no samples, so its accuracy cannot be told. Add some: model init --sample.`,
      )
    }
    if (accuracy !== null && accuracy < least) {
      const list = wrong.map(({ file, label, got }) => `${file} is ${label}, not ${got}`).join('; ')
      throw new QualityError(
        `${folder} gets ${samples.length - wrong.length} of ${samples.length} samples right (${accuracy}), but ` +
          `${least} is asked for: ${list}. Train it better, or lower --min-accuracy.`,
      )
    }
    return { samples: samples.length, accuracy, wrong }
  } finally {
    await classifier.release()
  }
}
