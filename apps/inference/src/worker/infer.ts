import type { Timings } from '@repo/classifier'
import type { Classifier } from '@repo/classifier/engine'
import { datatype } from '../open-inference/metadata.js'
import { eachImage } from './content.js'
import type { WorkerHandler } from './handlers.js'
import type { InferInput } from './infer-request.js'

export type InferKind = 'infer'

/** Answers POST /v2/models/{model}/infer with the model's own output, before softmax and labels. */
export function inferHandlers(classifier: Classifier): Record<InferKind, WorkerHandler> {
  const { tensors } = classifier
  const { name, version } = classifier.bundle.manifest

  const run = async (input: InferInput, timings: Timings): Promise<{ data: number[]; batch: number }> => {
    if (input.kind === 'tensor') {
      return {
        data: Array.from(await classifier.runTensor(input.data, input.batch, timings)),
        batch: input.batch,
      }
    }
    const outputs = await eachImage(input.images, (image) => classifier.runImage(image, timings))
    return { data: outputs.flatMap((output) => Array.from(output)), batch: outputs.length }
  }

  return {
    async infer(body, { maxImages }, timings) {
      // Loaded when it is needed first: its validator would make every worker's start longer.
      const { readInferRequest } = await import('./infer-request.js')
      const { id, input } = readInferRequest(body, tensors, maxImages)
      const { data, batch } = await run(input, timings)
      const perImage = tensors.output.shape.slice(1).every((size) => typeof size === 'number')
        ? tensors.output.shape.slice(1)
        : [data.length / batch]
      const output = {
        name: tensors.output.name,
        datatype: datatype(tensors.output.dtype),
        shape: [batch, ...perImage],
        data,
      }
      return JSON.stringify({
        model_name: name,
        model_version: version,
        ...(id === undefined ? {} : { id }),
        outputs: [output],
      })
    },
  }
}
