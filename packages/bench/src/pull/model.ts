import { randomBytes } from 'node:crypto'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeManifest } from '@repo/model-bundle'

export const MODEL = 'bench'
/** The same without weights. */
export const TINY_MODEL = 'bench-tiny'
/** Its key in a store. */
export const LARGE_FILE = `${MODEL}/1.0.0/weights.bin`

const MB = 1_000_000

/** A bundle with so many megabytes of noise. It can be published and pulled, not served. */
export async function writeNoiseBundle(folder: string, name: string, megabytes: number): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'model.onnx'), 'a model')
  await writeFile(join(folder, 'labels.txt'), 'yes\nno\n')
  const weights = await open(join(folder, 'weights.bin'), 'w')
  for (let at = 0; at < megabytes; at++) await weights.write(randomBytes(MB))
  await weights.close()
  await writeManifest(folder, {
    schemaVersion: '1.0',
    name,
    version: '1.0.0',
    task: 'image-classification',
    model: 'model.onnx',
    labels: 'labels.txt',
    input: {
      name: 'input',
      dtype: 'float32',
      layout: 'NCHW',
      width: 28,
      height: 28,
      channels: 'gray',
      resize: { mode: 'squash' },
      scale: '0..1',
      invert: false,
    },
    output: { name: 'output', kind: 'logits' },
    samples: [],
    source: 'made by a benchmark',
    license: 'MIT',
    createdAt: new Date().toISOString(),
  })
}
