// What the main thread needs. The parts that load ONNX Runtime and the image decoder are in './engine.js'.
export { DEFAULT_MAX_PIXELS } from './classifier-options.js'
export { threadStartMs } from './clock.js'
export { cpuLimit } from './cpu.js'
export { ClassifierError, type ClassifierErrorCode } from './errors.js'
export { IMAGE_FORMATS } from './image/format.js'
export type { TensorInfo } from './model.js'
export type { GraphCache } from './optimised-graph.js'
export type { CreateHandlers, Handler, WorkerInfo } from './pool/messages.js'
export { type PoolOptions, WorkerPool } from './pool/pool.js'
export { HandlerError, type OnAnswered } from './pool/worker-handle.js'
export { TIMINGS_PER_RUN, type Timings } from './timings.js'
export { type Prediction, softmax, topK } from './top-k.js'

/** Reads names, types and shapes of an ONNX file's inputs and outputs. @throws ClassifierError `model-unloadable` */
export async function describeOnnx(path: string) {
  const { describeOnnx } = await import('./model.js')
  return describeOnnx(path)
}
