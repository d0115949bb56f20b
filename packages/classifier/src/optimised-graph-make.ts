/**
 * A process of its own, `node optimised-graph-make.js <model folder> <target folder> <SHA-256 of the ONNX file>`:
 * optimises the model's graph for this machine and writes it. The memory that it takes ends with it.
 */
import { join } from 'node:path'
import { type Bundle, readBundle, sha256File } from '@repo/model-bundle'
import { channelCount, type TensorData } from './image/tensor.js'
import { loadModel } from './model.js'
import { GRAPH_FILE } from './optimised-graph-store.js'

const [modelFolder = '', folder = '', sha256 = ''] = process.argv.slice(2)

/** The batch of one image's values, any image. */
function noise({ manifest: { input } }: Bundle): { data: TensorData; shape: number[] } {
  const size = [input.height, input.width]
  const shape =
    input.layout === 'NCHW' ? [1, channelCount(input), ...size] : [1, ...size, channelCount(input)]
  const length = shape.reduce((product, side) => product * side, 1)
  const pixels = Uint8Array.from({ length }, (_, index) => (index * 2654435761) >>> 24)
  if (input.dtype === 'uint8') return { data: pixels, shape }
  const [mean = 0, std = 1] = [input.mean?.[0], input.std?.[0]]
  const unit = input.scale === '0..1' ? 255 : 1
  return { data: Float32Array.from(pixels, (pixel) => (pixel / unit - mean) / std), shape }
}

/** Both compute the same numbers; other layouts may add them up in another order. */
function agree(a: Float32Array, b: Float32Array): boolean {
  const tolerance = 1e-4 * a.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-3)
  return (
    a.length === b.length && a.every((value, index) => Math.abs(value - (b[index] as number)) <= tolerance)
  )
}

try {
  const bundle = await readBundle(modelFolder)
  const file = join(modelFolder, bundle.manifest.model)
  if ((await sha256File(file)).sha256 !== sha256) throw new Error(`${file} is not the file of its manifest`)
  const path = join(folder, GRAPH_FILE)
  const plain = await loadModel(bundle, 1, { writeGraphTo: path })
  const optimised = await loadModel(bundle, 1, { optimisedGraph: path })
  const { data, shape } = noise(bundle)
  const [wanted, found] = [await plain.run(data, shape), await optimised.run(data, shape)]
  if (!agree(wanted.data, found.data)) {
    throw new Error('the optimised graph does not answer as the plain one does')
  }
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
