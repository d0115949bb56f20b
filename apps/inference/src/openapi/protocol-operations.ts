import { EXAMPLE_IMAGE } from './examples.js'
import { type Answer, errors, json, type Operation } from './operation.js'

/** What the examples of the protocol need to know. */
export interface ServedModel {
  name: string
  version: string
  /** Name of the model's input. */
  input: string
  /** SHA-256 of one of its samples, if it has any. */
  sample: string | undefined
}

/** JSON, and after it tensors in bytes. */
const BYTES = { type: 'string', format: 'binary' }

const TAG = 'open inference protocol'

/** The Open Inference Protocol's part: each route of a model exists without and with a version. */
export function protocolOperations(model: ServedModel): Operation[] {
  return [
    {
      method: 'get',
      path: '/v2',
      id: 'serverMetadata',
      tag: TAG,
      summary: 'Name and version of the server',
      responses: { 200: json('The server.', 'ServerMetadata') },
    },
    {
      method: 'get',
      path: '/v2/health/live',
      id: 'serverLive',
      tag: TAG,
      summary: 'Whether the process is alive',
      open: true,
      responses: {
        200: json('It is.', 'Live', { live: true }),
        503: json('It has to be started anew.', 'Live', { live: false }),
      },
    },
    {
      method: 'get',
      path: '/v2/health/ready',
      id: 'serverReady',
      tag: TAG,
      summary: 'Whether requests are welcome',
      open: true,
      responses: {
        200: json('They are.', 'Ready', { live: true, ready: true }),
        503: json('Not yet, or no longer.', 'Ready', { live: true, ready: false }),
      },
    },
    ...modelOperations(model, '/v2/models/{model}', '', { model: model.name }),
    ...modelOperations(model, '/v2/models/{model}/versions/{version}', 'Version', {
      model: model.name,
      version: model.version,
    }),
  ]
}

function modelOperations(
  model: ServedModel,
  path: string,
  suffix: string,
  parameters: Record<string, string>,
): Operation[] {
  const tensor = { name: model.input, shape: [1], datatype: 'BYTES', data: [EXAMPLE_IMAGE] }
  return [
    {
      method: 'get',
      path,
      id: `modelMetadata${suffix}`,
      tag: TAG,
      summary: "The model's inputs and outputs",
      parameters,
      responses: { 200: json('The model.', 'ModelMetadata'), ...errors('protocol', 404, 503) },
    },
    {
      method: 'get',
      path: `${path}/ready`,
      id: `modelReady${suffix}`,
      tag: TAG,
      summary: 'Whether the model can answer',
      parameters,
      responses: {
        200: json('It can.', 'ModelReady'),
        ...errors('protocol', 404),
        503: {
          description: 'Not yet, or no longer.',
          content: { 'application/json': { schema: { anyOf: [ref('ModelReady'), ref('ProtocolError')] } } },
          retryAfter: true,
        },
      },
    },
    {
      method: 'post',
      path: `${path}/infer`,
      id: `infer${suffix}`,
      tag: TAG,
      summary: "The model's own output, before softmax and labels",
      description:
        "Takes a tensor for the model's own input, row-major, flat or nested, or, under the same name with datatype BYTES and shape [n], n images in base64. As application/octet-stream the extension binary_tensor_data: the header Inference-Header-Content-Length tells how long the JSON is, and the input's binary_data_size how many bytes follow it.",
      parameters,
      request: {
        'application/json': {
          schema: 'InferRequest',
          examples: {
            'an image': { inputs: [tensor] },
            'with an id': { id: '42', inputs: [tensor], parameters: { binary_data_output: false } },
            'with nulls': { id: null, inputs: [tensor], parameters: null, outputs: null },
          },
        },
        'application/octet-stream': { schema: BYTES },
      },
      responses: {
        200: inferAnswer(),
        ...errors('protocol', 400, 404, 413, 415, 500, 502, 503, 504),
      },
    },
  ]
}

function inferAnswer(): Answer {
  const answer = json('One output for each image.', 'InferAnswer')
  // What binary_data or binary_data_output ask for.
  return { ...answer, content: { ...answer.content, 'application/octet-stream': { schema: BYTES } } }
}

function ref(name: string): object {
  return { $ref: `#/components/schemas/${name}` }
}
