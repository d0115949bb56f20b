import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { presets, SCHEMA_VERSION, writeManifest } from '@repo/model-bundle'
import { describeWithAssets, temporaryFolders } from '@repo/testing'
import { WorkerPool } from '../src/pool/pool.js'
import { classify, preprocess } from './support.js'

const temporaryFolder = temporaryFolders()

describeWithAssets('MobileNetV2 on real photos', (assets) => {
  let pool: WorkerPool
  let folder: string
  beforeAll(async () => {
    folder = join(await temporaryFolder(), 'mobilenet')
    await mkdir(folder)
    await writeFile(
      join(folder, 'model.onnx'),
      await readFile(join(assets, 'models/mobilenetv2-12-int8.onnx')),
    )
    await writeFile(join(folder, 'labels.txt'), await readFile(join(assets, 'models/synset.txt')))
    await writeManifest(folder, {
      schemaVersion: SCHEMA_VERSION,
      name: 'mobilenet',
      version: '1.0.0',
      task: 'image-classification',
      model: 'model.onnx',
      labels: 'labels.txt',
      input: { name: 'input', ...presets.imagenet },
      output: { name: 'output', kind: 'logits' },
      samples: [],
      source: 'the test assets',
      license: 'Apache-2.0',
      createdAt: '2026-01-01T00:00:00.000Z',
    })
    pool = await WorkerPool.start({ modelFolder: folder, workers: 1 })
  })
  afterAll(() => pool?.stop())

  test.each([
    ['chelsea.png', 'Egyptian cat'],
    ['cat_720p.jpg', 'Egyptian cat'],
    ['parrot.jpg', 'macaw'],
    ['hot_dog.jpg', 'hotdog'],
  ])('when the photo is %s, then the label on top is %s', async (photo, label) => {
    const predictions = await classify(pool, await readFile(join(assets, 'photos', photo)))
    expect(predictions[0]?.label).toContain(label)
  })

  test('when the graph is optimised for this machine, then it answers as the plain one does', async () => {
    const graphCache = { folder: join(folder, '..', 'graphs'), log: () => {} }
    const optimised = await WorkerPool.start({ modelFolder: folder, workers: 2, graphCache })
    try {
      expect(await readdir(graphCache.folder)).toHaveLength(1)
      for (const photo of await readdir(join(assets, 'photos'))) {
        const image = await readFile(join(assets, 'photos', photo))
        const answers = [await classify(pool, image, 1000), await classify(optimised, image, 1000)]
        const [plain, other] = answers.map((answer) => answer.sort((a, b) => a.index - b.index))
        const difference = plain?.map(({ probability }, index) =>
          Math.abs(probability - other![index]!.probability),
        )
        expect(Math.max(...difference!)).toBeLessThan(1e-5)
      }
    } finally {
      await optimised.stop()
    }
  })

  test.each(['chelsea.png', 'cat_720p.jpg', 'parrot.jpg', 'hot_dog.jpg'])(
    "when %s is prepared, then the tensor is Pillow's but for resampling noise",
    async (photo) => {
      const stored = await readFile(new URL('reference/reference.json', import.meta.url), 'utf8')
      const expected = Buffer.from(JSON.parse(stored)[photo], 'base64')
      const tensor = await preprocess(pool, await readFile(join(assets, 'photos', photo)))
      const { mean, std } = presets.imagenet as { mean: number[]; std: number[] }
      const differences: number[] = []
      for (let y = 0, at = 0; y < 224; y += 8) {
        for (let x = 0; x < 224; x += 8) {
          for (let channel = 0; channel < 3; channel++, at++) {
            const pixel = tensor[channel * 224 * 224 + y * 224 + x]! * std[channel]! + mean[channel]!
            differences.push(Math.abs(pixel - expected[at]!))
          }
        }
      }
      differences.sort((a, b) => a - b)
      const average = differences.reduce((sum, value) => sum + value, 0) / differences.length
      // Of 255: both scale with a triangle filter, and differ in rounding alone.
      expect(average).toBeLessThan(0.5)
      expect(differences[Math.floor(differences.length * 0.99)]).toBeLessThan(2)
    },
  )
})
