import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { presets, SCHEMA_VERSION, writeManifest } from '@repo/model-bundle'
import { type OnnxNode, writeOnnx } from '@repo/testing/onnx-writer'
import { randomNumbers } from './random.js'

/** Bottleneck blocks of each stage, and their inner width: ResNet-50 version 1 (https://arxiv.org/abs/1512.03385). */
const STAGES = [
  { blocks: 3, width: 64 },
  { blocks: 4, width: 128 },
  { blocks: 6, width: 256 },
  { blocks: 3, width: 512 },
]
const CLASSES = 1000

/**
 * Writes the bundle of a model with ResNet-50's shape and random weights, 102 MB: it costs what ResNet-50 costs, and
 * nothing has to be downloaded. Its answers mean nothing, but they depend on the image.
 */
export async function writeResNet50(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'model.onnx'), resNet50())
  const labels = Array.from({ length: CLASSES }, (_, index) => `class ${index}`)
  await writeFile(join(folder, 'labels.txt'), `${labels.join('\n')}\n`)
  await writeManifest(folder, {
    schemaVersion: SCHEMA_VERSION,
    name: 'resnet50-shape',
    version: '1.0.0',
    task: 'image-classification',
    model: 'model.onnx',
    labels: 'labels.txt',
    input: { name: 'data', ...presets.imagenet },
    output: { name: 'logits', kind: 'logits' },
    samples: [],
    source: 'random weights, made by the benchmark',
    license: 'MIT',
    createdAt: '2026-01-01T00:00:00.000Z',
  })
}

function resNet50(): Buffer {
  const net = new Net()
  let x = net.convolution('data', { from: 3, to: 64, kernel: 7, stride: 2 })
  x = net.add('MaxPool', [net.add('Relu', [x])], {
    kernel_shape: [3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
  })
  let channels = 64
  STAGES.forEach(({ blocks, width }, stage) => {
    for (let block = 0; block < blocks; block++) {
      const stride = block === 0 && stage > 0 ? 2 : 1
      const to = width * 4
      let inner = net.convolution(x, { from: channels, to: width, kernel: 1, stride })
      inner = net.convolution(net.add('Relu', [inner]), { from: width, to: width, kernel: 3 })
      // Weak, or the sum of sixteen random blocks would grow without end.
      inner = net.convolution(net.add('Relu', [inner]), { from: width, to, kernel: 1, gain: 0.3 })
      const shortcut = block === 0 ? net.convolution(x, { from: channels, to, kernel: 1, stride }) : x
      x = net.add('Relu', [net.add('Add', [inner, shortcut])])
      channels = to
    }
  })
  const pooled = net.add('Flatten', [net.add('GlobalAveragePool', [x])])
  const weight = net.weight([CLASSES, channels], 1 / Math.sqrt(channels))
  net.nodes.push({
    op: 'Gemm',
    inputs: [pooled, weight, net.weight([CLASSES], 0.1)],
    outputs: ['logits'],
    attributes: { transB: 1 },
  })
  return writeOnnx({
    inputs: [{ name: 'data', dtype: 'float32', shape: ['N', 3, 224, 224] }],
    outputs: [{ name: 'logits', dtype: 'float32', shape: ['N', CLASSES] }],
    nodes: net.nodes,
    weights: net.weights,
  })
}

interface Convolution {
  from: number
  to: number
  kernel: number
  stride?: number
  gain?: number
}

class Net {
  readonly nodes: OnnxNode[] = []
  readonly weights: Record<string, { shape: number[]; data: Float32Array }> = {}
  readonly #random = randomNumbers(50)
  #names = 0

  /** @returns the name of the node's output */
  add(op: string, inputs: string[], attributes: Record<string, number | number[]> = {}): string {
    const output = `t${this.#names++}`
    this.nodes.push({ op, inputs, outputs: [output], attributes })
    return output
  }

  /** Random values, evenly spread, with this standard deviation around `mean`. */
  weight(shape: number[], deviation: number, mean = 0): string {
    const name = `w${this.#names++}`
    const width = deviation * Math.sqrt(12)
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => {
      return mean + (this.#random() - 0.5) * width
    })
    this.weights[name] = { shape, data }
    return name
  }

  /** A convolution and its batch normalisation, as they are in a trained file. */
  convolution(x: string, { from, to, kernel, stride = 1, gain = 1 }: Convolution): string {
    const pad = (kernel - 1) / 2
    const weight = this.weight([to, from, kernel, kernel], gain * Math.sqrt(2 / (from * kernel * kernel)))
    const y = this.add('Conv', [x, weight], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
    })
    const [scale, shift] = [this.weight([to], 0.1, 1), this.weight([to], 0.1)]
    const [mean, variance] = [this.weight([to], 0.1), this.weight([to], 0.05, 1)]
    return this.add('BatchNormalization', [y, scale, shift, mean, variance])
  }
}
