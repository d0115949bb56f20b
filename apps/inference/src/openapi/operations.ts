import { EXAMPLE_IMAGE } from './examples.js'
import { errors, json, type Operation, other } from './operation.js'
import { protocolOperations, type ServedModel } from './protocol-operations.js'

const FILE = { type: 'string', format: 'binary' }

/** The whole API, in the order in which people read it. @param model makes examples that work; undefined while it loads */
export function operations(model: ServedModel): Operation[] {
  return [
    {
      method: 'post',
      path: '/score',
      id: 'score',
      tag: 'score',
      summary: 'Classify images',
      description:
        'Takes images (JPEG, PNG, WebP, GIF, AVIF or TIFF) in base64, as files of a form, or one as the body itself. The answer is the same for all.',
      request: {
        'application/json': {
          schema: 'ScoreRequest',
          examples: {
            'a JSON text inside JSON, as the original has it': { input: JSON.stringify([EXAMPLE_IMAGE]) },
            'a list': { input: [EXAMPLE_IMAGE, EXAMPLE_IMAGE] },
            'no image': { input: [] },
          },
        },
        'image/*': { schema: FILE },
        'multipart/form-data': { schema: { type: 'object', properties: { image: FILE } } },
      },
      responses: {
        200: json('For each image its three most probable labels, in percent.', 'ScoreAnswer', {
          result: [
            [
              [
                ['Sandal', 99.98],
                ['Sneaker', 0.01],
                ['Bag', 0.01],
              ],
            ],
            'Computed in 0.6 ms',
          ],
        }),
        ...errors('problem', 400, 413, 415, 500, 502, 503, 504),
      },
    },
    {
      method: 'post',
      path: '/preview',
      id: 'preview',
      tag: 'score',
      summary: 'See an image as the model sees it',
      description: "Cropped, resized, and gray or inverted where the model's input is.",
      request: { 'image/*': { schema: FILE } },
      responses: {
        200: {
          description: "A picture of the model's width and height.",
          content: { 'image/png': { schema: FILE } },
        },
        ...errors('problem', 400, 404, 413, 415, 503),
      },
    },
    {
      method: 'get',
      path: '/',
      id: 'home',
      tag: 'operations',
      summary: 'What the original answered; to browsers the demo page',
      open: true,
      responses: {
        200: {
          description: 'It serves.',
          content: {
            'text/plain': { schema: { type: 'string' }, examples: { example: 'Healthy' } },
            'text/html': { schema: { type: 'string' } },
          },
        },
      },
    },
    {
      method: 'get',
      path: '/version',
      id: 'version',
      tag: 'operations',
      summary: 'Exactly which code and which model answer',
      responses: { 200: json('Versions and hashes.', 'Version') },
    },
    {
      method: 'get',
      path: '/model',
      id: 'model',
      tag: 'operations',
      summary: 'The model card',
      responses: {
        200: json('What people want to know of the model.', 'ModelCard'),
        ...errors('problem', 503),
      },
    },
    {
      method: 'get',
      path: '/model/samples/{sha256}',
      id: 'sample',
      tag: 'operations',
      summary: 'One of the images that came with the model',
      parameters: { sha256: model.sample },
      responses: {
        200: {
          description: 'The image.',
          content: { 'image/png': { schema: FILE }, 'image/jpeg': { schema: FILE } },
        },
        ...errors('problem', 404, 503),
      },
    },
    {
      method: 'get',
      path: '/healthz',
      id: 'healthz',
      tag: 'operations',
      summary: 'Whether the process is alive',
      open: true,
      responses: {
        200: json('It is.', 'Health', { status: 'ok' }),
        503: json('It has to be started anew.', 'Health', { status: 'failed' }),
      },
    },
    {
      method: 'get',
      path: '/readyz',
      id: 'readyz',
      tag: 'operations',
      summary: 'Whether the model is loaded and requests are welcome',
      open: true,
      responses: {
        200: json('They are.', 'Readiness', { status: 'ready' }),
        503: json('Not yet, or no longer.', 'Readiness', { status: 'loading' }),
      },
    },
    {
      method: 'get',
      path: '/metrics',
      id: 'metrics',
      tag: 'operations',
      summary: 'Metrics for Prometheus',
      open: true,
      responses: { 200: other("In Prometheus' text format.", 'text/plain') },
    },
    {
      method: 'get',
      path: '/openapi.json',
      id: 'openapi',
      tag: 'operations',
      summary: 'This document',
      open: true,
      responses: {
        200: { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' } } } },
      },
    },
    {
      method: 'get',
      path: '/docs',
      id: 'docs',
      tag: 'operations',
      summary: 'This document, to read and to try out',
      open: true,
      responses: { 200: other('A page.', 'text/html') },
    },
    {
      method: 'get',
      path: '/docs/{file}',
      id: 'docsFile',
      tag: 'operations',
      summary: 'What that page consists of',
      open: true,
      parameters: { file: 'start.js' },
      responses: {
        200: {
          description: 'A script or a style sheet.',
          content: {
            'text/javascript': { schema: { type: 'string' } },
            'text/css': { schema: { type: 'string' } },
          },
        },
        ...errors('problem', 404),
      },
    },
    ...protocolOperations(model),
  ]
}
