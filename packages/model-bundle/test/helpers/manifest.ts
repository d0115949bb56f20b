import { sha256 } from '../../src/index.js'

/** A manifest that tests may harm in any way. */
// biome-ignore lint/suspicious/noExplicitAny: what is tested are the types that it should not have
export type Json = any

export function validManifest(): Json {
  return {
    schemaVersion: '1.0',
    name: 'clothes',
    version: '1.0.0',
    task: 'image-classification',
    files: [
      { path: 'model.onnx', bytes: 5, sha256: sha256('graph') },
      { path: 'labels.txt', bytes: 11, sha256: sha256('shirt\nshoe\n') },
      { path: 'samples/01.png', bytes: 7, sha256: sha256('picture') },
    ],
    model: 'model.onnx',
    labels: 'labels.txt',
    input: {
      name: 'input',
      dtype: 'float32',
      layout: 'NCHW',
      width: 224,
      height: 224,
      channels: 'rgb',
      resize: { mode: 'short-side', shortSide: 256 },
      scale: '0..255',
      mean: [1, 2, 3],
      std: [4, 5, 6],
      invert: false,
    },
    output: { name: 'output', kind: 'logits' },
    metrics: { top1: 93.4, top5: 99.1, dataset: 'a test set', samples: 10_000 },
    samples: [{ file: 'samples/01.png', label: 'shirt' }],
    source: 'made by a test',
    license: 'MIT',
    createdAt: '2026-01-01T00:00:00.000Z',
  }
}
