import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { decode } from 'fast-png'
import { readTestSet } from '../src/data-set.js'
import { measure } from '../src/metrics.js'

const temporaryFolder = temporaryFolders()

/** Writes a data set of two images: all 7, all 200; classes 3 and 9. */
async function smallDataSet(): Promise<string> {
  const folder = join(await temporaryFolder(), 'data')
  await mkdir(folder)
  const images = Buffer.concat([Buffer.alloc(16), Buffer.alloc(784, 7), Buffer.alloc(784, 200)])
  await writeFile(join(folder, 't10k-images-idx3-ubyte.gz'), gzipSync(images))
  await writeFile(
    join(folder, 't10k-labels-idx1-ubyte.gz'),
    gzipSync(Buffer.from([...Buffer.alloc(8), 3, 9])),
  )
  return folder
}

describe('the test set', () => {
  test('when it is read, then images come as PNGs with their classes', async () => {
    const set = await readTestSet(await smallDataSet())
    expect([set.length, set.label(0), set.label(1)]).toEqual([2, 3, 9])
    const image = decode(set.png(1))
    expect(image).toMatchObject({ width: 28, height: 28, channels: 1, depth: 8 })
    expect(new Set(image.data)).toEqual(new Set([200]))
  })

  test('when the evaluation has no data set, then it says where to get it, with exit code 3', async () => {
    const script = fileURLToPath(new URL('../dist/evaluate.js', import.meta.url))
    const run = promisify(execFile)(process.execPath, [script], {
      env: { FASHION_MNIST_DIR: await temporaryFolder() },
    })
    await expect(run).rejects.toMatchObject({
      code: 3,
      stderr: expect.stringContaining('dataset-fashion-mnist'),
    })
  })
})

describe('measure', () => {
  test('when predictions are right and wrong, then share and matrix say so', async () => {
    const truths = [0, 0, 1, 2]
    const set = {
      length: 4,
      label: (index: number) => truths[index]!,
      png: (index: number) => Uint8Array.of(index),
    }
    const answers = [0, 1, 1, 0]
    expect(await measure(set, 3, async ([index]) => answers[index!]!)).toMatchObject({
      top1: 50,
      samples: 4,
      confusionMatrix: [
        [1, 1, 0],
        [0, 1, 0],
        [1, 0, 0],
      ],
    })
  })
})
