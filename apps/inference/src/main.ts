/**
 * The process. Before anything else it starts a worker: that loads ONNX Runtime while this thread loads the rest, which
 * is most of what a start takes.
 */
import { WorkerHandle } from '@repo/classifier/worker'

const worker = new WorkerHandle()
const { serve } = await import('./serve.js')
await serve(worker)
