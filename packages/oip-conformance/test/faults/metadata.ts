import { answers, fault, METADATA, missing, VERSIONED } from './kit.js'

export const health = [
  fault(
    'live says "alive"',
    'server live answers live: true',
    answers(/health\/live/, () => ({ status: 'alive' })),
  ),
  fault(
    'ready leaves live out',
    'server ready answers live: true and ready: true',
    answers(/health\/ready/, () => ({ ready: true })),
  ),
  fault(
    'ready leaves ready out',
    'server ready answers live: true and ready: true',
    answers(/health\/ready/, () => ({ live: true })),
  ),
  fault('ready has an empty body', 'server ready answers live: true and ready: true', (correct) => (call) => {
    const reply = correct(call)
    return call.path === '/v2/health/ready' ? { ...reply, body: '' } : reply
  }),
  fault(
    'a model is ready without its name',
    'model ready answers its name and ready: true',
    answers(/\/ready$/, ({ name, ...rest }) => rest),
  ),
  fault(
    'there is no ready path with a version',
    'model ready at the path of its version answers the same',
    missing(/versions.*ready/),
  ),
]

export const metadata = [
  fault(
    'extensions are missing',
    'server metadata tell name, version and extensions',
    answers(/\/v2\/?$/, ({ extensions, ...rest }) => rest),
  ),
  fault(
    'the server version is a number',
    'server metadata tell name, version and extensions',
    answers(/\/v2\/?$/, (body) => ({ ...body, version: 1 })),
  ),
  fault('/v2/ is not served', 'server metadata answer with a slash at the end, too', missing(/\/v2\/$/)),
  fault(
    '/v2/ redirects to /v2',
    'server metadata answer with a slash at the end, too',
    (correct) => (call) =>
      call.path === '/v2/' ? { status: 308, body: { location: '/v2' } } : correct(call),
  ),
  fault(
    'the model has another name in its metadata',
    'model metadata carry the name of the model',
    answers(METADATA, (body) => ({ ...body, name: 'model.onnx' })),
  ),
  fault(
    'versions are no list',
    'model metadata list the versions as texts',
    answers(METADATA, (body) => ({ ...body, versions: body.versions[0] })),
  ),
  fault(
    'versions are numbers',
    'model metadata list the versions as texts',
    answers(METADATA, (body) => ({ ...body, versions: [1] })),
  ),
  fault(
    'the platform is missing',
    'model metadata name the platform',
    answers(METADATA, ({ platform, ...rest }) => rest),
  ),
  fault(
    'a free dimension is a name',
    'model metadata describe the inputs',
    answers(METADATA, (body) => {
      body.inputs[0].shape[0] = 'N'
      return body
    }),
  ),
  fault(
    'datatypes are those of ONNX',
    'model metadata describe the outputs',
    answers(METADATA, (body) => {
      body.outputs[0].datatype = 'float32'
      return body
    }),
  ),
  fault(
    'there is no metadata path with a version',
    'model metadata at the path of the version are the same',
    missing(/versions\/[^/]+$/),
  ),
  fault(
    'metadata at the path of the version lack the outputs',
    'model metadata at the path of the version are the same',
    answers(METADATA, (body, { path }) => (VERSIONED.test(path) ? { ...body, outputs: [] } : body)),
  ),
]
