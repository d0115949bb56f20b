import { expect, test } from '@jest/globals'
import { BatchedRuns } from '../src/batched-runs.js'
import type { Model } from '../src/model.js'

const SHAPE = [1, 1, 2, 2]
const newTensor = (images: number) => new Float32Array(4 * images)
const image = (value: number) => newTensor(1).fill(value)

/** Stands in for ONNX Runtime: answers each image with its sum and its first pixel, and tells of its runs. */
function model({ batch = 'N' as string | number, output = (sums: number[]) => sums } = {}) {
  const runs: number[] = []
  const tensor = (shape: (number | string)[]) => [{ name: 't', dtype: 'float32', shape }]
  const double: Model = {
    inputs: tensor([batch, 1, 2, 2]),
    outputs: tensor([batch, 2]),
    async run(data, [images = 0]) {
      runs.push(images)
      const pixels = Array.from(data)
      if (pixels.includes(-1)) throw new Error('a bad image')
      const answers = Array.from({ length: images }, (_, i) => pixels.slice(i * 4, i * 4 + 4))
      const sums = output(answers.map((four) => four.reduce((sum, pixel) => sum + pixel)))
      return {
        data: Float32Array.from(answers.flatMap(([first = 0], i) => [sums[i] ?? 0, first])),
        shape: [images, 2],
      }
    },
    release: async () => {},
  }
  return { double, runs }
}

async function started() {
  const { double, runs } = model()
  const batched = (await BatchedRuns.of(double, SHAPE, newTensor)) as BatchedRuns
  runs.length = 0
  return { batched, runs }
}

test('when images come in one turn of the event loop, then one run answers each with its own', async () => {
  const { batched, runs } = await started()
  const outputs = await Promise.all([1, 2, 3].map((value) => batched.run(image(value))))
  expect(outputs.map(({ data, shape }) => [...data, ...shape])).toEqual([
    [4, 1, 1, 2],
    [8, 2, 1, 2],
    [12, 3, 1, 2],
  ])
  expect(runs).toEqual([3])
})

test('when more come than one run takes, then the rest go with the next', async () => {
  const { batched, runs } = await started()
  const outputs = await Promise.all(Array.from({ length: 11 }, (_, i) => batched.run(image(i))))
  expect(outputs.map(({ data }) => data[1])).toEqual(Array.from({ length: 11 }, (_, i) => i))
  expect(runs).toEqual([8, 3])
  await batched.run(image(1))
  expect(runs).toEqual([8, 3, 1])
})

test('when one image makes the run fail, then the others get their answers', async () => {
  const { batched, runs } = await started()
  const outcomes = await Promise.allSettled([1, -1, 3].map((value) => batched.run(image(value))))
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(outcomes[1]).toMatchObject({ reason: { message: 'a bad image' } })
  expect(runs).toEqual([3, 1, 1, 1])
})

test.each([
  ['takes one image only', model({ batch: 1 })],
  ['mixes the images of a batch up', model({ output: (sums) => sums.toReversed() })],
  ['makes an image depend on the others', model({ output: (sums) => sums.map((sum) => sum / sums.length) })],
])('when the ONNX file %s, then nothing is batched', async (_, { double }) => {
  expect(await BatchedRuns.of(double, SHAPE, newTensor)).toBeUndefined()
})
