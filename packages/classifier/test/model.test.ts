import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type ColourModel, temporaryFolders, writeColourBundle } from '@repo/testing'
import { WorkerPool } from '../src/pool/pool.js'

const temporaryFolder = temporaryFolders()

/** Starts a pool on a bundle whose manifest was changed after the ONNX file was written. */
async function start(
  change: (manifest: Record<string, Record<string, unknown>>) => void,
  model?: ColourModel,
) {
  const folder = join(await temporaryFolder(), 'm')
  await writeColourBundle(folder, model)
  const path = join(folder, 'model.json')
  const manifest = JSON.parse(await readFile(path, 'utf8'))
  change(manifest)
  await writeFile(path, JSON.stringify(manifest))
  const pool = await WorkerPool.start({ modelFolder: folder, workers: 2 })
  await pool.stop()
}

describe('loading a model whose manifest does not fit', () => {
  test.each<[string, RegExp, (manifest: Record<string, Record<string, unknown>>) => void]>([
    [
      'input name',
      /input is "picture", the file has "image"/,
      (m) => Object.assign(m.input!, { name: 'picture' }),
    ],
    [
      'dtype',
      /input is uint8, the file wants float32/,
      (m) => Object.assign(m.input!, { dtype: 'uint8', scale: '0..255' }),
    ],
    [
      'size',
      /input of \[1, 3, 8, 9\], the file wants \[N, 3, 8, 8\]/,
      (m) => Object.assign(m.input!, { width: 9 }),
    ],
    ['layout', /input of \[1, 8, 8, 3\], the file wants/, (m) => Object.assign(m.input!, { layout: 'NHWC' })],
    ['channels', /input of \[1, 1, 8, 8\]/, (m) => Object.assign(m.input!, { channels: 'gray' })],
    [
      'output name',
      /output is "logits", the file has "means"/,
      (m) => Object.assign(m.output!, { name: 'logits' }),
    ],
  ])('when the %s differs, then it says both', async (_, message, change) => {
    await expect(start(change)).rejects.toMatchObject({
      code: 'model-mismatch',
      message: expect.stringMatching(message),
    })
  })

  test('when the labels are too few, then it says how many', async () => {
    const labels = { labels: ['red', 'green'] }
    await expect(start(() => {}, labels)).rejects.toThrow(/has 3 classes, but the labels file has 2/)
  })

  test('when the batch dimension is fixed to 1, then the model is served', async () => {
    await start(() => {}, { batch: 1 })
  })

  test('when the batch dimension is fixed to 4, then it is refused', async () => {
    await expect(start(() => {}, { batch: 4 })).rejects.toThrow(
      /input of \[1, 3, 8, 8\], the file wants \[4, 3, 8, 8\]/,
    )
  })

  test('when the ONNX file is no ONNX file, then it is refused with its path', async () => {
    const folder = join(await temporaryFolder(), 'm')
    await writeColourBundle(folder)
    await writeFile(join(folder, 'model.onnx'), 'not a graph')
    await expect(WorkerPool.start({ modelFolder: folder, workers: 1 })).rejects.toMatchObject({
      code: 'model-unloadable',
      message: expect.stringContaining(join(folder, 'model.onnx')),
    })
  })

  test('when there is no bundle, then it says so', async () => {
    const folder = await temporaryFolder()
    await expect(WorkerPool.start({ modelFolder: folder, workers: 1 })).rejects.toThrow(
      /is not a model bundle/,
    )
  })
})
