import type { Bundle } from '@repo/model-bundle'
import { BatchedRuns } from './batched-runs.js'
import { type ClassifierOptions, DEFAULT_MAX_DECODE_BYTES, DEFAULT_MAX_PIXELS } from './classifier-options.js'
import { threadStartMs } from './clock.js'
import { ClassifierError } from './errors.js'
import { PixelAllowance } from './image/allowance.js'
import { type DecodeImage, imageDecoder } from './image/decode.js'
import { DecodeLock, newLockMemory } from './image/decode-lock.js'
import { tensorPng } from './image/preview.js'
import { channelCount, type FillTensor, type TensorData, tensorFiller } from './image/tensor.js'
import { loadModel, type Model, type ModelOutput, type TensorInfo } from './model.js'
import { QUICK_RUN_MS } from './quick.js'
import { finite, refusal } from './run-check.js'
import type { Timings } from './timings.js'
import { type Prediction, softmax, topK } from './top-k.js'

const THREAD_START = threadStartMs()

const LONG_RUN_MS = 20

/** Image in, labels out, for any model that a manifest describes. Blocks its thread while the model runs. */
export class Classifier {
  readonly #fill: FillTensor
  readonly #shape: readonly number[]
  /** Input buffers that no run is using. */
  readonly #free: TensorData[] = []
  #batched: BatchedRuns | undefined

  private constructor(
    readonly bundle: Bundle,
    private readonly model: Model,
    private readonly decode: DecodeImage,
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
    // Imported here: who has read the bundle already, as a pool's workers get it, starts quicker without its parser.
    const { readBundle } = await import('@repo/model-bundle')
    return Classifier.open(await readBundle(folder), options)
  }

  /**
   * Loads a bundle that has been read.
   * @throws ClassifierError `model-unloadable` or `model-mismatch`
   */
  static async open(bundle: Bundle, options: ClassifierOptions = {}): Promise<Classifier> {
    const model = await loadModel(bundle, options.threads ?? 1, options)
    const { maxPixels = DEFAULT_MAX_PIXELS, maxDecodeBytes: maxBytes = DEFAULT_MAX_DECODE_BYTES } = options
    const lock = new DecodeLock(options.decodeLock ?? newLockMemory())
    const decode = await imageDecoder(bundle.manifest.input, { maxPixels, maxBytes, lock })
    return new Classifier(bundle, model, decode, maxPixels)
  }

  /** What the images of one request may have together; to be given with each of them. */
  newAllowance(): PixelAllowance {
    return new PixelAllowance(this.maxPixels)
  }

  /**
   * The `k` most probable labels of one image (JPEG, PNG, WebP, GIF, AVIF or TIFF), best first.
   * @param timings is added to
   * @param allowance is taken from
   * @throws ClassifierError about the image
   */
  async classify(
    image: Uint8Array,
    k = 3,
    timings?: Timings,
    allowance?: PixelAllowance,
  ): Promise<Prediction[]> {
    const { data: output } = await this.runImage(image, timings, allowance)
    const probabilities = this.bundle.manifest.output.kind === 'logits' ? softmax(output) : output
    return topK(probabilities, this.bundle.labels, k)
  }

  /**
   * The model's own output for one image, before softmax: as many values as there are labels.
   * @param timings is added to
   * @param allowance is taken from
   * @throws ClassifierError about the image, or `output-not-finite`
   */
  async runImage(image: Uint8Array, timings?: Timings, allowance?: PixelAllowance): Promise<ModelOutput> {
    const start = performance.now()
    const pixels = await this.decode(image, allowance)
    const tensor = this.#free.pop() ?? this.#newTensor()
    try {
      this.#fill(pixels, tensor)
      const filled = performance.now()
      const output = await (this.#batched?.run(tensor) ?? this.model.run(tensor, this.#shape))
      timings?.push(THREAD_START + start, filled - start, THREAD_START + filled, performance.now() - filled)
      return finite(output)
    } finally {
      this.#free.push(tensor)
    }
  }

  /**
   * The model's own output for an input tensor that is already prepared.
   * @param data row-major values, in the model's layout
   * @param shape of that tensor, the batch first; sizes that the ONNX file leaves free may differ from the manifest's
   * @param timings is added to
   * @throws ClassifierError `input-refused`, when the model cannot run a tensor of that shape, or `output-not-finite`
   */
  async runTensor(data: TensorData, shape: readonly number[], timings?: Timings): Promise<ModelOutput> {
    const start = performance.now()
    const output = await this.model.run(data, shape).catch((cause: Error) => {
      throw refusal(cause, shape, this.#shape)
    })
    timings?.push(0, 0, THREAD_START + start, performance.now() - start)
    return finite(output)
  }

  /** The ONNX file's input and the output that the manifest names. */
  get tensors(): { input: TensorInfo; output: TensorInfo } {
    const { input, output } = this.bundle.manifest
    const named = (list: TensorInfo[], name: string) => list.find((info) => info.name === name) as TensorInfo
    return { input: named(this.model.inputs, input.name), output: named(this.model.outputs, output.name) }
  }

  /** The tensor that `classify` would give the model for this image. */
  async preprocess(image: Uint8Array): Promise<TensorData> {
    const tensor = this.#newTensor()
    this.#fill(await this.decode(image), tensor)
    return tensor
  }

  /**
   * The image as the model sees it.
   * @returns a PNG of the model's width and height
   * @throws ClassifierError about the image
   */
  async preview(image: Uint8Array): Promise<Buffer> {
    return tensorPng(this.bundle.manifest.input, await this.preprocess(image))
  }

  /**
   * Runs an empty image: loads what ONNX Runtime loads lazily, and tells what a run costs. From then on images that come
   * together to a quick model are run together, where the ONNX file allows that.
   * @returns milliseconds of one run
   * @throws ClassifierError `model-mismatch` when the output does not have one value for each label
   */
  async warmUp(): Promise<number> {
    const tensor = this.#newTensor()
    let start = performance.now()
    const { data: output } = await this.model.run(tensor, this.#shape)
    const first = performance.now() - start
    if (output.length !== this.bundle.labels.length) {
      throw new ClassifierError(
        'model-mismatch',
        `the model answers with ${output.length} values, but the labels file has ${this.bundle.labels.length} lines`,
      )
    }
    // What is loaded lazily takes some milliseconds; a run that takes long itself need not be seen twice.
    if (first > LONG_RUN_MS) return first
    start = performance.now()
    await this.model.run(tensor, this.#shape)
    const second = performance.now() - start
    if (second < QUICK_RUN_MS) {
      this.#batched = await BatchedRuns.of(this.model, this.#shape, (images) => this.#newTensor(images))
    }
    return second
  }

  release(): Promise<void> {
    return this.model.release()
  }

  #newTensor(images = 1): TensorData {
    const length = this.#shape.reduce((product, size) => product * size, images)
    return this.bundle.manifest.input.dtype === 'uint8' ? new Uint8Array(length) : new Float32Array(length)
  }
}
