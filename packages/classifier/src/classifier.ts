import { type Bundle, readBundle } from '@repo/model-bundle'
import { type ClassifierOptions, DEFAULT_MAX_PIXELS } from './classifier-options.js'
import { ClassifierError } from './errors.js'
import { decodeImage } from './image/decode.js'
import { channelCount, type FillTensor, type TensorData, tensorFiller } from './image/tensor.js'
import { loadModel, type Model } from './model.js'
import { type Prediction, softmax, topK } from './top-k.js'

/** Image in, labels out, for any model that a manifest describes. Blocks its thread while the model runs. */
export class Classifier {
  readonly #fill: FillTensor
  readonly #shape: readonly number[]
  /** Input buffers that no run is using. */
  readonly #free: TensorData[] = []

  private constructor(
    readonly bundle: Bundle,
    private readonly model: Model,
    private readonly maxPixels: number,
  ) {
    const { input } = bundle.manifest
    this.#fill = tensorFiller(input)
    const size = [input.height, input.width]
    this.#shape =
      input.layout === 'NCHW' ? [1, channelCount(input), ...size] : [1, ...size, channelCount(input)]
  }

  /**
   * Loads the bundle in `folder`. Hashes are not checked here: that is `verifyBundle`.
   * @throws BundleError, or ClassifierError `model-unloadable` or `model-mismatch`
   */
  static async load(folder: string, options: ClassifierOptions = {}): Promise<Classifier> {
    const bundle = await readBundle(folder)
    const model = await loadModel(bundle, options.threads ?? 1)
    return new Classifier(bundle, model, options.maxPixels ?? DEFAULT_MAX_PIXELS)
  }

  /**
   * The `k` most probable labels of one image (JPEG, PNG, WebP, GIF, AVIF or TIFF), best first.
   * @throws ClassifierError about the image
   */
  async classify(image: Uint8Array, k = 3): Promise<Prediction[]> {
    const pixels = await decodeImage(image, this.bundle.manifest.input, this.maxPixels)
    const tensor = this.#free.pop() ?? this.#newTensor()
    try {
      this.#fill(pixels, tensor)
      return this.#predictions(await this.model.run(tensor, this.#shape), k)
    } finally {
      this.#free.push(tensor)
    }
  }

  /** The tensor that `classify` would give the model for this image. */
  async preprocess(image: Uint8Array): Promise<TensorData> {
    const tensor = this.#newTensor()
    this.#fill(await decodeImage(image, this.bundle.manifest.input, this.maxPixels), tensor)
    return tensor
  }

  /**
   * One run on an empty image: loads what ONNX Runtime loads lazily, and tells what a run costs.
   * @returns milliseconds of the second run
   * @throws ClassifierError `model-mismatch` when the output does not have one value for each label
   */
  async warmUp(): Promise<number> {
    const tensor = this.#newTensor()
    const output = await this.model.run(tensor, this.#shape)
    if (output.length !== this.bundle.labels.length) {
      throw new ClassifierError(
        'model-mismatch',
        `the model answers with ${output.length} values, but the labels file has ${this.bundle.labels.length} lines`,
      )
    }
    const start = performance.now()
    await this.model.run(tensor, this.#shape)
    return performance.now() - start
  }

  release(): Promise<void> {
    return this.model.release()
  }

  #newTensor(): TensorData {
    const length = this.#shape.reduce((product, size) => product * size, 1)
    return this.bundle.manifest.input.dtype === 'uint8' ? new Uint8Array(length) : new Float32Array(length)
  }

  #predictions(output: Float32Array, k: number): Prediction[] {
    const probabilities = this.bundle.manifest.output.kind === 'logits' ? softmax(output) : output
    return topK(probabilities, this.bundle.labels, k)
  }
}
