import type { TensorData } from './image/tensor.js'
import type { Model, ModelOutput } from './model.js'

/** Images in one run at the most. */
const MOST = 8
/** How much the outputs of a batch may differ from those of single runs, of the largest value: sums in another order. */
const TOLERANCE = 1e-3

interface Waiting {
  tensor: TensorData
  resolve(output: ModelOutput): void
  reject(error: unknown): void
}

/**
 * Runs together the images that came together, for quick models: there the call into ONNX Runtime takes as long as the
 * computing, or longer.
 */
export class BatchedRuns {
  #waiting: Waiting[] = []
  #isScheduled = false
  readonly #batch: TensorData

  private constructor(
    private readonly model: Model,
    private readonly shape: readonly number[],
    newTensor: (images: number) => TensorData,
  ) {
    this.#batch = newTensor(MOST)
  }

  /**
   * @param shape of one image's tensor: `[1, ...]`
   * @param newTensor a tensor for so many images
   * @returns undefined where the ONNX file takes one image only, or mixes those of a batch up
   */
  static async of(
    model: Model,
    shape: readonly number[],
    newTensor: (images: number) => TensorData,
  ): Promise<BatchedRuns | undefined> {
    if (typeof model.inputs[0]?.shape[0] !== 'string') return undefined
    const runs = new BatchedRuns(model, shape, newTensor)
    const tensors = [newTensor(1), newTensor(1).fill(1), newTensor(1).map((_, index) => index % 7)]
    const single: ModelOutput[] = []
    for (const tensor of tensors) single.push(await model.run(tensor, shape))
    const together = await runs.#together(tensors).catch(() => undefined)
    return together?.every((output, index) => agree(output, single[index] as ModelOutput)) ? runs : undefined
  }

  /**
   * @param tensor may be used again once the promise is settled
   * @returns what a run of that image alone gives, but for rounding
   */
  run(tensor: TensorData): Promise<ModelOutput> {
    if (!this.#isScheduled) {
      this.#isScheduled = true
      setImmediate(() => void this.#runAll())
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ tensor, resolve, reject })
    })
  }

  async #runAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MOST)
      try {
        const outputs = await this.#together(batch.map(({ tensor }) => tensor))
        for (const [index, { resolve }] of batch.entries()) resolve(outputs[index] as ModelOutput)
      } catch {
        // One image may be at fault; the others are not to suffer for it.
        for (const { tensor, resolve, reject } of batch)
          await this.model.run(tensor, this.shape).then(resolve, reject)
      }
    }
    this.#isScheduled = false
  }

  async #together(tensors: TensorData[]): Promise<ModelOutput[]> {
    const [first] = tensors as [TensorData]
    if (tensors.length === 1) return [await this.model.run(first, this.shape)]
    const images = tensors.length
    for (const [index, tensor] of tensors.entries()) this.#batch.set(tensor, index * first.length)
    const data = this.#batch.subarray(0, images * first.length)
    const output = await this.model.run(data, [images, ...this.shape.slice(1)])
    if (output.shape[0] !== images) throw new Error(`a batch of ${images} gave [${output.shape.join(', ')}]`)
    const length = output.data.length / images
    const shape = [1, ...output.shape.slice(1)]
    return tensors.map((_, index) => ({
      data: output.data.subarray(index * length, (index + 1) * length),
      shape,
    }))
  }
}

function agree(output: ModelOutput, wanted: ModelOutput): boolean {
  const largest = wanted.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9)
  return (
    output.data.length === wanted.data.length &&
    output.data.every(
      (value, index) => Math.abs(value - (wanted.data[index] as number)) <= TOLERANCE * largest,
    )
  )
}
