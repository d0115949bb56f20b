/**
 * The process. Before anything else it starts a worker: that loads ONNX Runtime while this thread loads the rest, which
 * is most of what a start takes.
 */
import { setFlagsFromString } from 'node:v8'
import { WorkerHandle } from '@repo/classifier/worker'

// The body of a request passes through buffers outside of V8's heap, a refused one's too, and V8 counts them as growth.
// To a heap as small as this app's that looks like doubling: under overload it was searched as a whole up to ten times
// a second, for buffers that were garbage already. So the heap may grow to three times of what lives in it.
setFlagsFromString('--heap-growing-percent=200')

const worker = new WorkerHandle()
const { serve } = await import('./serve.js')
await serve(worker)
