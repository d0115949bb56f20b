import type { Timings } from '@repo/classifier'
import type { Classifier, ModelOutput } from '@repo/classifier/engine'
import { ClassifierError } from '@repo/classifier/errors'
import { packAnswer } from '../open-inference/binary-answer.js'
import { datatype } from '../open-inference/metadata.js'
import { eachImage } from './content.js'
import type { WorkerHandler } from './handlers.js'
import type { InferInput } from './infer-request.js'
import { RequestError } from './request-error.js'

export type InferKind = 'infer'

/** Answers POST /v2/models/{model}/infer with the model's own output, before softmax and labels. */
export function inferHandlers(classifier: Classifier): Record<InferKind, WorkerHandler> {
  const { tensors } = classifier
  const { name, version } = classifier.bundle.manifest

  const run = async (input: InferInput, timings: Timings): Promise<ModelOutput> => {
    if (input.kind === 'tensor') {
      return classifier.runTensor(input.data, input.shape, timings).catch((error) => {
        const refused = error instanceof ClassifierError && error.code === 'input-refused'
        throw refused ? new RequestError('invalid-input', error.message) : error
      })
    }
    const allowance = classifier.newAllowance()
    return joined(await eachImage(input.images, (image) => classifier.runImage(image, timings, allowance)))
  }

  return {
    async infer(body, detail, timings) {
      // Loaded when it is needed first: its validator would make every worker's start longer.
      const { readInferRequest } = await import('./infer-request.js')
      const { id, input, binaryOutput } = readInferRequest(body, tensors, detail)
      const { data, shape } = await run(input, timings)
      const output = {
        name: tensors.output.name,
        datatype: datatype(tensors.output.dtype),
        shape,
        ...(binaryOutput
          ? { parameters: { binary_data_size: data.byteLength } }
          : { data: Array.from(data) }),
      }
      const json = JSON.stringify({
        model_name: name,
        model_version: version,
        ...(id === undefined ? {} : { id }),
        outputs: [output],
      })
      return binaryOutput ? packAnswer(json, data) : json
    },
  }
}

/** The outputs of images that ran one by one, as of one batch. */
function joined(outputs: ModelOutput[]): ModelOutput {
  const data = new Float32Array(outputs.reduce((length, output) => length + output.data.length, 0))
  let at = 0
  for (const output of outputs) {
    data.set(output.data, at)
    at += output.data.length
  }
  return { data, shape: [outputs.length, ...(outputs[0]?.shape.slice(1) ?? [])] }
}
