import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type OnnxNode, writeOnnx } from './onnx-writer.js'

/** The manifest's input; this package must not depend on the one that defines it, whose tests use this one. */
export interface ColourInput {
  dtype: 'float32' | 'uint8'
  layout: 'NCHW' | 'NHWC'
  width: number
  height: number
  channels: 'rgb' | 'bgr' | 'gray'
  resize: { mode: 'squash' | 'cover' } | { mode: 'short-side'; shortSide: number }
  scale: '0..255' | '0..1'
  mean?: number[]
  std?: number[]
  invert: boolean
}

export interface ColourModel {
  /** Overrides of the manifest's input. */
  input?: Partial<ColourInput>
  outputKind?: 'logits' | 'probabilities'
  /** The ONNX input's first dimension: free by default. */
  batch?: number | string
  /** Leaves the ONNX input's height and width free. */
  freeSize?: boolean
  /** Instead of the means: from `image` to `means`. */
  nodes?: OnnxNode[]
  /** The ONNX output's dimensions after the first; by default the channels. */
  outputShape?: (number | string)[]
  name?: string
  version?: string
  labels?: string[]
}

/**
 * Writes the bundle of a model that answers with the mean of each input channel, so that its labels are the channels'
 * names in the tensor's order: a test can tell from an answer which value reached which channel.
 */
export async function writeColourBundle(folder: string, model: ColourModel = {}): Promise<void> {
  const input: ColourInput = {
    dtype: 'float32',
    layout: 'NCHW',
    width: 8,
    height: 8,
    channels: 'rgb',
    resize: { mode: 'squash' },
    scale: '0..1',
    invert: false,
    ...model.input,
  }
  if (input.dtype === 'uint8') input.scale = '0..255'
  const channels = input.channels === 'gray' ? 1 : 3
  const labels =
    model.labels ??
    { rgb: ['red', 'green', 'blue'], bgr: ['blue', 'green', 'red'], gray: ['gray'] }[input.channels]
  const size = model.freeSize ? ['H', 'W'] : [input.height, input.width]
  const shape = [model.batch ?? 'N', ...(input.layout === 'NCHW' ? [channels, ...size] : [...size, channels])]
  const nodes: OnnxNode[] = [
    { op: 'Cast', inputs: ['image'], outputs: ['float'], attributes: { to: 1 } },
    {
      op: 'ReduceMean',
      inputs: ['float'],
      outputs: ['means'],
      attributes: { axes: input.layout === 'NCHW' ? [2, 3] : [1, 2], keepdims: 0 },
    },
  ]
  const onnx = writeOnnx({
    inputs: [{ name: 'image', dtype: input.dtype, shape }],
    outputs: [
      { name: 'means', dtype: 'float32', shape: [model.batch ?? 'N', ...(model.outputShape ?? [channels])] },
    ],
    nodes: model.nodes ?? nodes,
  })
  const contents = { 'labels.txt': Buffer.from(`${labels.join('\n')}\n`), 'model.onnx': onnx }
  const manifest = {
    schemaVersion: '1.0',
    name: model.name ?? 'colours',
    version: model.version ?? '1.0.0',
    task: 'image-classification',
    files: Object.entries(contents).map(([path, bytes]) => ({
      path,
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    })),
    model: 'model.onnx',
    labels: 'labels.txt',
    input: { name: 'image', ...input },
    output: { name: 'means', kind: model.outputKind ?? 'probabilities' },
    source: 'made by a test',
    license: 'MIT',
    createdAt: '2026-01-01T00:00:00.000Z',
  }
  await mkdir(folder, { recursive: true })
  for (const [path, bytes] of Object.entries(contents)) await writeFile(join(folder, path), bytes)
  await writeFile(join(folder, 'model.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}
