import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Manifest, writeManifest } from '@repo/model-bundle'

export interface TestBundle {
  name?: string
  version?: string
  /** Path -> content; the loader does not look into a model, so any bytes do. */
  files?: Record<string, string | Buffer>
  metrics?: Manifest['metrics']
}

/** Writes a bundle with a model, labels and whatever else is given. */
export async function writeBundle(folder: string, bundle: TestBundle = {}): Promise<Manifest> {
  const { name = 'clothes', version = '1.0.0' } = bundle
  const files = { 'model.onnx': `graph of ${version}`, 'labels.txt': 'shirt\nshoe\n', ...bundle.files }
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  return writeManifest(folder, {
    schemaVersion: '1.0',
    name,
    version,
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
    ...(bundle.metrics ? { metrics: bundle.metrics } : {}),
    samples: [],
    source: 'made by a test',
    license: 'MIT',
    createdAt: '2026-01-01T00:00:00.000Z',
  })
}
