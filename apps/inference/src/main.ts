/**
 * The process. Before all it takes signals, which may come while the rest is loaded. Then it starts a worker: that loads
 * ONNX Runtime while this thread loads the rest, which is most of what a start takes.
 */
import { stopSignal } from './signals.js'

const asked = stopSignal()
const { WorkerHandle } = await import('@repo/classifier/worker')
const worker = new WorkerHandle()
const { serve } = await import('./serve.js')
await serve(worker, asked)
