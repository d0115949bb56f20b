import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type Prediction, WorkerPool } from '@repo/classifier'
import { verifyBundle } from '@repo/model-bundle'
import { sampleBundles, sampleModelName } from '../src/index.js'

const officialNames = [
  ...['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat'],
  ...['Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
]

describe.each(sampleBundles.map((folder) => [folder.split('/').pop(), folder] as const))(
  'the bundle %s',
  (version, folder) => {
    test('when it is verified, then every file is what the manifest says', async () => {
      const { manifest, labels } = await verifyBundle(folder)
      expect(manifest).toMatchObject({ name: sampleModelName, version, license: 'MIT' })
      expect(labels).toEqual(officialNames)
    })

    test('when its metrics are read, then they come from the whole test set and add up', async () => {
      const { metrics } = (await verifyBundle(folder)).manifest
      const matrix = metrics!.confusionMatrix!
      expect(metrics!.samples).toBe(10_000)
      expect(matrix.flat().reduce((sum, count) => sum + count)).toBe(10_000)
      for (const row of matrix) expect(row.reduce((sum, count) => sum + count)).toBe(1_000)
      const right = matrix.reduce((sum, row, index) => sum + row[index]!, 0)
      expect(metrics!.top1).toBeCloseTo(right / 100, 5)
    })

    test('when its samples are classified, then each gets its true label', async () => {
      const { manifest } = await verifyBundle(folder)
      expect(manifest.samples).toHaveLength(20)
      const pool = await WorkerPool.start({ modelFolder: folder, workers: 1 })
      for (const { file, label } of manifest.samples) {
        const bytes = Uint8Array.from(await readFile(join(folder, file))).buffer
        const [best] = JSON.parse(await pool.submit('classify', [bytes], '1')) as Prediction[]
        expect({ file, label: best?.label }).toEqual({ file, label })
      }
      await pool.stop()
    })
  },
)

test('when the versions are compared, then the second is the better one, and small', async () => {
  const [simple, better] = await Promise.all(sampleBundles.map((folder) => verifyBundle(folder)))
  expect(simple!.manifest.metrics!.top1).toBeGreaterThan(84)
  expect(simple!.manifest.metrics!.top1).toBeLessThan(89)
  expect(better!.manifest.metrics!.top1).toBeGreaterThanOrEqual(93)
  expect(better!.manifest.files.find(({ path }) => path === 'model.onnx')!.bytes).toBeLessThanOrEqual(
    1_500_000,
  )
})
