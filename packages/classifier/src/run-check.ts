import { ClassifierError } from './errors.js'
import type { ModelOutput } from './model.js'

/** @throws ClassifierError `output-not-finite`: JSON has no word for such a value, and as a probability it means nothing */
export function finite(output: ModelOutput): ModelOutput {
  const bad = output.data.findIndex((value) => !Number.isFinite(value))
  if (bad === -1) return output
  throw new ClassifierError(
    'output-not-finite',
    `the model answered with ${output.data[bad]} as value ${bad} of its output`,
  )
}

/**
 * What a failed run means. With the manifest's own shape the model has run before, so that is no fault of the caller's.
 * @param cause ONNX Runtime's error
 */
export function refusal(cause: Error, shape: readonly number[], own: readonly number[]): Error {
  if (shape.join() === own.join()) return cause
  return new ClassifierError(
    'input-refused',
    `the model cannot run an input of the shape [${shape.join(', ')}]: ${reason(cause.message)}`,
    { cause },
  )
}

/** ONNX Runtime's own words, without the source file, the C++ function and the check that may stand before them. */
function reason(message: string): string {
  const status = message.split('Status Message: ').at(-1) ?? message
  return status.replace(/^\S+:\d+ (.* was false\. )?/, '').trim()
}
