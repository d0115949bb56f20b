import { type Manifest, presets } from '@repo/model-bundle'
import { StoreError } from '@repo/model-loader'

interface Tensor {
  name: string
  dtype: string
  shape: readonly (number | string)[]
}

export interface Choice {
  preset: keyof typeof presets
  outputKind: 'logits' | 'probabilities'
}

/**
 * Finds the input and output of an ONNX file and sees that preset and labels fit them.
 * @throws StoreError `usage` when they don't, saying what was expected and found
 * @throws ClassifierError when the file is not a model
 */
export async function tensorsFor(
  onnx: string,
  labels: string[],
  choice: Choice,
): Promise<Pick<Manifest, 'input' | 'output'>> {
  const preset = presets[choice.preset]
  // ONNX Runtime is large: only this command needs it.
  const { describeOnnx } = await import('@repo/classifier')
  const { inputs, outputs } = await describeOnnx(onnx)

  const [input, ...others] = inputs
  if (!input || others.length > 0) throw usage(`one input is needed, it has ${all(inputs)}`)
  const { layout, height, width, channels, dtype } = preset
  const depth = channels === 'gray' ? 1 : 3
  const expected = layout === 'NCHW' ? ['N', depth, height, width] : ['N', height, width, depth]
  if (input.dtype !== dtype || !fits(input.shape, expected)) {
    throw usage(
      `the preset ${choice.preset} makes ${dtype} [${expected.join(', ')}], but its input is ${all([input])}. Try ` +
        'another preset, or export the model with such an input',
    )
  }
  const fitting = outputs.filter(({ shape }) => isSize(shape.at(-1), labels.length))
  const output = fitting[0]
  if (!output || fitting.length > 1) {
    throw usage(
      `the labels file has ${labels.length} labels, so one output must end in that size; it has ${all(outputs)}`,
    )
  }
  return { input: { name: input.name, ...preset }, output: { name: output.name, kind: choice.outputKind } }
}

/** A free dimension, which has a name or a negative size, takes any size. */
const isSize = (dimension: number | string | undefined, size: number) =>
  typeof dimension === 'string' || (dimension !== undefined && (dimension < 0 || dimension === size))

function fits(shape: Tensor['shape'], expected: (number | string)[]): boolean {
  if (shape.length !== expected.length) return false
  return shape.every((dimension, index) => {
    const size = expected[index]
    return typeof size !== 'number' || isSize(dimension, size)
  })
}

function all(tensors: Tensor[]): string {
  const texts = tensors.map(({ name, dtype, shape }) => `"${name}" ${dtype} [${shape.join(', ')}]`)
  return texts.join(' and ') || 'none'
}

function usage(problem: string): StoreError {
  return new StoreError('usage', `The ONNX file does not fit: ${problem}.`)
}
