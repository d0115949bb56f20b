import { answers, chunks, fault, INFER, outputs, reads } from './kit.js'

export const answerFields = [
  fault(
    'model_name is missing',
    'infer answer names the model',
    answers(INFER, ({ model_name, ...rest }) => rest),
  ),
  fault(
    'model_version is missing',
    'infer answer names the version',
    answers(INFER, ({ model_version, ...rest }) => rest),
  ),
  fault(
    'model_version is a number',
    'infer answer names the version',
    answers(INFER, (body) => ({ ...body, model_version: 1 })),
  ),
  fault(
    'the second output is left out',
    'infer answers every output of the metadata once',
    answers(INFER, (body) => ({ ...body, outputs: body.outputs.slice(0, 1) })),
  ),
  fault(
    'outputs come without their batch dimension',
    'outputs have the datatype and shape of the metadata',
    outputs((output) => ({ ...output, shape: [output.data.length] })),
  ),
  fault(
    'outputs have another datatype',
    'outputs have the datatype and shape of the metadata',
    outputs((output) => ({ ...output, datatype: 'FP64' })),
  ),
  fault(
    'outputs have one value too many',
    "outputs' data are flat and as long as their shape",
    outputs((output) => ({ ...output, data: [...output.data, 0] })),
  ),
  fault(
    "outputs' data are nested",
    "outputs' data are flat and as long as their shape",
    outputs((output) => ({ ...output, data: chunks(output.data) })),
  ),
  fault(
    'NaN becomes null',
    "outputs' data are flat and as long as their shape",
    outputs((output) => ({ ...output, data: output.data.map(() => null) })),
  ),
  fault(
    'the id is not sent back',
    'an id is sent back',
    answers(INFER, ({ id, ...rest }) => rest),
  ),
  fault(
    'ids lose what is not ASCII',
    'an id is sent back',
    answers(INFER, ({ id, ...rest }) => ({ ...rest, ...(id && { id: id.replace(/[^ -~]/g, '?') }) })),
  ),
  fault(
    'an id is made up',
    'without an id none is sent back',
    answers(INFER, (body) => ({ id: 'request-1', ...body })),
  ),
  fault(
    'the id is null where none was given',
    'without an id none is sent back',
    answers(INFER, (body) => ({ id: null, ...body })),
  ),
  fault(
    'a null id is sent back',
    'a null id is never sent back',
    answers(INFER, (body, call) => (call.body.includes('"id":null') ? { ...body, id: null } : body)),
  ),
  fault(
    'unknown parameters are refused',
    'unknown parameters of the request are ignored',
    (correct) => (call) =>
      /"parameters":{"conformance_unknown":"x"/.test(call.body)
        ? { status: 400, body: { error: 'unknown parameter' } }
        : correct(call),
  ),
  fault(
    "unknown parameters of outputs change the outputs' type",
    'unknown parameters of inputs and outputs are ignored',
    answers(INFER, (body, call) =>
      /"parameters":{"conformance_unknown":1/.test(call.body) ? { ...body, outputs: [] } : body,
    ),
  ),
  fault(
    '"outputs" is not looked at',
    'only the outputs that were asked for are answered',
    reads(({ outputs, ...rest }) => rest),
  ),
]
