import {
  answers,
  chunks,
  fault,
  INFER,
  isImage,
  missing,
  outputs,
  reads,
  transposed,
  VERSIONED,
} from './kit.js'

export const inference = [
  fault('infer answers 201', 'infer takes flat tensor data', (correct) => (call) => {
    const reply = correct(call)
    return reply.status === 200 && INFER.test(call.path) ? { ...reply, status: 201 } : reply
  }),
  fault(
    'nested data are read in column order',
    'infer takes nested tensor data and answers the same',
    reads((request) => {
      for (const input of request.inputs)
        if (Array.isArray(input.data[0])) input.data = input.data.map(transposed)
      return request
    }),
  ),
  fault(
    'nested data are refused',
    'infer takes nested tensor data and answers the same',
    (correct) => (call) =>
      call.body.includes('[[') ? { status: 400, body: { error: 'flat data, please' } } : correct(call),
  ),
  fault('answers drift', 'infer answers the same input with the same output', (correct) => {
    let count = 0
    return answers(INFER, (body) => {
      body.outputs[0].data[0] += 0.01 * ++count
      return body
    })(correct)
  }),
  fault(
    'the first answer is given to everybody',
    'infer answers different inputs with different outputs',
    (correct) => {
      let first: unknown
      return answers(INFER, (body) => {
        first ??= body.outputs
        return { ...body, outputs: first }
      })(correct)
    },
  ),
  fault(
    'the rows of a batch change places',
    'infer takes a batch and answers each row as if alone',
    outputs((output) => ({ ...output, data: chunks(output.data).reverse().flat() })),
  ),
  fault(
    'each row of a batch is the first',
    'infer takes a batch and answers each row as if alone',
    outputs((output) => ({ ...output, data: chunks(output.data).flatMap((_, __, all) => all[0] ?? []) })),
  ),
  fault(
    'a batch is cut to its first row',
    'infer takes a batch and answers each row as if alone',
    outputs((output) => ({ ...output, shape: [1, 3], data: output.data.slice(0, 3) })),
  ),
  fault(
    'there is no infer path with a version',
    'infer at the path of the version answers the same',
    missing(/versions.*infer/),
  ),
  fault(
    'a charset is refused',
    'infer takes a content type with a charset',
    (correct) => (call) =>
      call.contentType.includes('charset') ? { status: 415, body: { error: 'no charset' } } : correct(call),
  ),
]

export const images = [
  fault(
    'an image is answered with a label',
    'an image as BYTES is answered like a tensor',
    answers(INFER, (body, call) =>
      isImage(call)
        ? { ...body, outputs: [{ name: 'label', datatype: 'BYTES', shape: [1], data: ['red'] }] }
        : body,
    ),
  ),
  fault(
    'an image is taken without a version only',
    'an image at the path of the version answers the same',
    (correct) => (call) =>
      VERSIONED.test(call.path) && isImage(call)
        ? { status: 400, body: { error: 'unfit datatype' } }
        : correct(call),
  ),
  fault(
    'what an image shows does not matter',
    'different images are answered differently',
    answers(INFER, (body, call) => {
      for (const output of body.outputs) if (isImage(call)) output.data = output.data.map(() => 0.5)
      return body
    }),
  ),
  fault(
    'images change places',
    'several images are answered in order, each as if alone',
    answers(INFER, (body, call) => {
      for (const output of body.outputs) if (isImage(call)) output.data = chunks(output.data).reverse().flat()
      return body
    }),
  ),
]
