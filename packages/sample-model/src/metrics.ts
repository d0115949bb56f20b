import type { Manifest } from '@repo/model-bundle'

type Metrics = NonNullable<Manifest['metrics']>

/** Says which class each image of the test set gets: class numbers, in the test set's order. */
export type Predict = (png: Uint8Array) => Promise<number>

/**
 * Runs a whole test set.
 * @param progress told how many images are done
 * @returns what a manifest says of it
 */
export async function measure(
  testSet: { length: number; png(index: number): Uint8Array; label(index: number): number },
  classes: number,
  predict: Predict,
  progress: (done: number) => void = () => {},
): Promise<Metrics> {
  const confusionMatrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  let right = 0
  let done = 0
  // Several at once keep a server's workers busy.
  const indices = Array.from({ length: testSet.length }, (_, index) => index).values()
  const work = async () => {
    for (const index of indices) {
      const truth = testSet.label(index)
      const predicted = await predict(testSet.png(index))
      const row = confusionMatrix[truth] as number[]
      row[predicted] = (row[predicted] ?? 0) + 1
      if (predicted === truth) right++
      progress(++done)
    }
  }
  await Promise.all(Array.from({ length: 16 }, work))
  return {
    top1: Math.round((right / testSet.length) * 10_000) / 100,
    dataset: 'Fashion-MNIST test set',
    samples: testSet.length,
    confusionMatrix,
  }
}
