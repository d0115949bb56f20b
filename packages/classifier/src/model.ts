import { join } from 'node:path'
import type { Bundle } from '@repo/model-bundle'
import * as ort from 'onnxruntime-node'
import { ClassifierError } from './errors.js'
import { channelCount, type TensorData } from './image/tensor.js'

/** An input or output of an ONNX file. A free dimension has its name instead of a size. */
export interface TensorInfo {
  name: string
  /** ONNX Runtime's word: `float32`, `uint8`, `int64`, ... */
  dtype: string
  shape: readonly (number | string)[]
}

/** What a run of the model gave. */
export interface ModelOutput {
  /** Row-major. */
  data: Float32Array
  /** As the run made it: no dimension is free any more. */
  shape: readonly number[]
}

/** A loaded ONNX file. `run` blocks its thread for as long as the model takes, so it belongs into a worker. */
export interface Model {
  inputs: TensorInfo[]
  outputs: TensorInfo[]
  /**
   * @param data the input tensor's values, row-major; may be used again once the promise is fulfilled
   * @param shape the input tensor's shape
   */
  run(data: TensorData, shape: readonly number[]): Promise<ModelOutput>
  release(): Promise<void>
}

/** A run that fails says so by its error; callers must not be able to fill the log with lines of another form. */
const RUN_OPTIONS: ort.InferenceSession.RunOptions = { logSeverityLevel: 4 }

/** Version of ONNX Runtime, for people who ask what ran their model. */
export const onnxRuntimeVersion: string = ort.env.versions.node ?? ort.env.versions.common

/** Graphs that were optimised for this machine, see optimised-graph.ts. */
export interface GraphFiles {
  /** To be loaded instead of the bundle's own file. */
  optimisedGraph?: string | undefined
  /** Where the graph that this load optimises is written, its weights beside it. */
  writeGraphTo?: string | undefined
}

/**
 * Loads the bundle's ONNX file and holds the manifest against what the file really has.
 * @param threads of one run; 1 where several workers share the machine
 * @throws ClassifierError `model-unloadable` or `model-mismatch`
 */
export async function loadModel(bundle: Bundle, threads: number, graph: GraphFiles = {}): Promise<Model> {
  const path = graph.optimisedGraph ?? join(bundle.folder, bundle.manifest.model)
  const session = await openSession(path, threads, graph)
  const inputs = session.inputMetadata.map(tensorInfo)
  const outputs = session.outputMetadata.map(tensorInfo)
  const problem = mismatch(bundle, inputs, outputs)
  if (problem) {
    await session.release()
    throw new ClassifierError('model-mismatch', `${path} does not fit its manifest: ${problem}`)
  }
  const { input, output } = bundle.manifest
  return {
    inputs,
    outputs,
    async run(data, shape) {
      const feeds = { [input.name]: new ort.Tensor(input.dtype, data, shape) }
      const results = await session.run(feeds, [output.name], RUN_OPTIONS)
      const { data: values, dims } = results[output.name] as ort.Tensor
      return { data: values as Float32Array, shape: dims }
    },
    release: () => session.release(),
  }
}

/** Reads names, types and shapes of an ONNX file's inputs and outputs. @throws ClassifierError `model-unloadable` */
export async function describeOnnx(path: string): Promise<{ inputs: TensorInfo[]; outputs: TensorInfo[] }> {
  const session = await openSession(path, 1)
  const description = {
    inputs: session.inputMetadata.map(tensorInfo),
    outputs: session.outputMetadata.map(tensorInfo),
  }
  await session.release()
  return description
}

async function openSession(
  path: string,
  threads: number,
  { optimisedGraph, writeGraphTo }: GraphFiles = {},
): Promise<ort.InferenceSession> {
  ort.env.logLevel = 'error'
  try {
    return await ort.InferenceSession.create(path, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: optimisedGraph === undefined ? 'all' : 'disabled',
      logSeverityLevel: 3,
      ...(writeGraphTo === undefined ? {} : writeTo(writeGraphTo)),
    })
  } catch (cause) {
    throw new ClassifierError('model-unloadable', `${path} cannot be loaded: ${(cause as Error).message}`, {
      cause,
    })
  }
}

/** Weights in a file of their own are mapped into memory when they are loaded, once for all sessions. */
function writeTo(path: string): ort.InferenceSession.SessionOptions {
  const session = {
    optimized_model_external_initializers_file_name: 'weights.bin',
    optimized_model_external_initializers_min_size_in_bytes: '1024',
  }
  return { optimizedModelFilePath: path, extra: { session } }
}

function tensorInfo(metadata: ort.InferenceSession.ValueMetadata): TensorInfo {
  return metadata.isTensor
    ? { name: metadata.name, dtype: metadata.type, shape: metadata.shape }
    : { name: metadata.name, dtype: 'not a tensor', shape: [] }
}

/** Says how the manifest and the ONNX file disagree, or undefined when they do not. */
function mismatch(bundle: Bundle, inputs: TensorInfo[], outputs: TensorInfo[]): string | undefined {
  const { input, output } = bundle.manifest
  if (inputs.length !== 1)
    return `it has ${inputs.length} inputs (${names(inputs)}); one image is all we can give`
  const actual = inputs[0] as TensorInfo
  if (actual.name !== input.name)
    return `the manifest's input is "${input.name}", the file has ${names(inputs)}`
  if (actual.dtype !== input.dtype)
    return `the manifest's input is ${input.dtype}, the file wants ${actual.dtype}`
  const channels = channelCount(input)
  const size = [input.height, input.width]
  const wanted = input.layout === 'NCHW' ? [1, channels, ...size] : [1, ...size, channels]
  const fits = wanted.every(
    (want, axis) => typeof actual.shape[axis] === 'string' || actual.shape[axis] === want,
  )
  if (actual.shape.length !== 4 || !fits) {
    return `the manifest makes an input of [${wanted.join(', ')}], the file wants [${actual.shape.join(', ')}]`
  }
  const result = outputs.find(({ name }) => name === output.name)
  if (!result) return `the manifest's output is "${output.name}", the file has ${names(outputs)}`
  if (result.dtype !== 'float32') return `the output "${output.name}" is ${result.dtype}; it must be float32`
  const classes = result.shape.slice(1)
  if (classes.some((size) => typeof size === 'string')) return undefined
  const count = classes.reduce<number>((product, size) => product * Number(size), 1)
  if (count !== bundle.labels.length)
    return `it has ${count} classes, but the labels file has ${bundle.labels.length}`
  return undefined
}

function names(tensors: TensorInfo[]): string {
  return tensors.map(({ name }) => `"${name}"`).join(', ') || 'none'
}
