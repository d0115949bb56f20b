import { goodReply } from './reference.js'
import type { Call, Handler, Reply } from './server.js'

type Correct = (call: Call) => Reply
// biome-ignore lint/suspicious/noExplicitAny: a fault reaches into JSON that the reference server made
type Body = any

/** A server in which one single behaviour is broken, and the check that has to notice. */
export interface Fault {
  broken: string
  caughtBy: string
  breakIt(correct: Correct): Handler
}

const fault = (broken: string, caughtBy: string, breakIt: Fault['breakIt']): Fault => ({
  broken,
  caughtBy,
  breakIt,
})

/** Changes the body of good answers to calls like `GET /v2`. */
const answers = (where: RegExp, change: (body: Body, call: Call) => unknown) => (correct: Correct) => {
  return (call: Call): Reply => {
    const reply = correct(call)
    if (reply.status !== 200 || !where.test(`${call.method} ${call.path}`)) return reply
    return { ...reply, body: change(structuredClone(reply.body), call) }
  }
}

/** Changes the answers with an error status. */
const errors = (change: (text: string, reply: Reply) => Partial<Reply>) => (correct: Correct) => {
  return (call: Call): Reply => {
    const reply = correct(call)
    return reply.status < 400 ? reply : { ...reply, ...change((reply.body as Body).error, reply) }
  }
}

/** Takes what the correct server refuses with that text, as if there were nothing to refuse. */
const accepts =
  (refusal: RegExp, where = /./) =>
  (correct: Correct) =>
  (call: Call): Reply | undefined => {
    const reply = correct(call)
    const forgiven = reply.status >= 400 && refusal.test((reply.body as Body).error) && where.test(call.path)
    return forgiven ? goodReply(correct) : reply
  }

/** Changes inference requests before they are looked at. */
const reads = (change: (request: Body) => unknown) => (correct: Correct) => {
  return (call: Call): Reply => {
    try {
      return correct({ ...call, body: JSON.stringify(change(JSON.parse(call.body))) })
    } catch {
      return correct(call)
    }
  }
}

const METADATA = /^GET \/v2\/models\/[^/]+(\/versions\/[^/]+)?$/
const VERSIONED = /\/versions\//
const INFER = /infer$/
const isImage = (call: Call) => call.body.includes('"BYTES"')
const missing =
  (where: RegExp) =>
  (correct: Correct) =>
  (call: Call): Reply =>
    where.test(`${call.method} ${call.path}`)
      ? { status: 404, body: { error: 'there is no such path' } }
      : correct(call)

const outputs = (change: (output: Body, index: number) => unknown) =>
  answers(INFER, (body) => ({ ...body, outputs: body.outputs.map(change) }))
const infer400 = (what: string) => `infer answers 400 to ${what}`
const withText = (what: string) => `${what} answers 404 with an error text`

const health = [
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

const metadata = [
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

const inference = [
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

const answerFields = [
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

const images = [
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

const paths = [
  ...[
    ['metadata', /[^/]$/],
    ['ready', /\/ready$/],
    ['infer', INFER],
  ].flatMap(([of, end]) => {
    const only = (path: string) =>
      new RegExp(end as RegExp).test(path) && (of !== 'metadata' || !/(ready|infer)$/.test(path))
    const served =
      (refusal: string, versioned: boolean) =>
      (correct: Correct) =>
      (call: Call): Reply => {
        const reply = correct(call)
        const hit =
          (reply.body as Body).error === refusal && only(call.path) && VERSIONED.test(call.path) === versioned
        return hit ? { status: 200, body: {} } : reply
      }
    return [
      fault(
        `${of} of any model is served`,
        withText(`${of} of an unknown model`),
        served('unknown model', false),
      ),
      fault(
        `${of} of any model with a version is served`,
        withText(`${of} of an unknown model with a version`),
        served('unknown model', true),
      ),
      fault(
        `${of} of any version is served`,
        withText(`${of} of an unknown version`),
        served('unknown version', true),
      ),
    ]
  }),
  fault(
    'an unknown model is a bad request',
    withText('metadata of an unknown model'),
    (correct) => (call) => {
      const reply = correct(call)
      return (reply.body as Body).error === 'unknown model' ? { ...reply, status: 400 } : reply
    },
  ),
  fault('unknown paths have a page', withText('an unknown path below /v2'), (correct) => (call) => {
    const reply = correct(call)
    const unknown = (reply.body as Body).error === 'no such path'
    return unknown ? { status: 404, contentType: 'text/html', body: '<h1>Not found</h1>' } : reply
  }),
  fault('GET infers', 'GET on infer is refused with an error text', accepts(/wrong method/, INFER)),
  fault(
    'any method reads metadata',
    'POST on model metadata is refused with an error text',
    (correct) => (call) => correct(INFER.test(call.path) ? call : { ...call, method: 'GET' }),
  ),
  fault(
    'any content type is taken',
    'another content type answers 415 with an error text',
    (correct) => (call) => correct({ ...call, contentType: 'application/json' }),
  ),
  fault(
    'a large body is taken',
    'a body above the limit answers 413 with an error text',
    accepts(/too large/),
  ),
]

const errorBodies = [
  fault(
    'errors are "detail"',
    infer400('malformed JSON'),
    errors((detail) => ({ body: { detail } })),
  ),
  fault(
    'errors are plain text',
    infer400('malformed JSON'),
    errors((text) => ({ body: text, contentType: 'text/plain' })),
  ),
  fault(
    'errors are JSON but called text',
    infer400('malformed JSON'),
    errors(() => ({ contentType: 'text/plain' })),
  ),
  fault(
    'errors are problem documents',
    infer400('malformed JSON'),
    errors((detail) => ({ body: { status: 400, detail }, contentType: 'application/problem+json' })),
  ),
  fault(
    'error texts are empty',
    infer400('malformed JSON'),
    errors(() => ({ body: { error: '' } })),
  ),
  fault(
    'errors are objects',
    infer400('malformed JSON'),
    errors((message) => ({ body: { error: { message } } })),
  ),
  fault(
    'bad requests are 422',
    infer400('a request without inputs'),
    errors((_, { status }) => ({ status: status === 400 ? 422 : status })),
  ),
  fault(
    'malformed JSON is a fault of the server',
    infer400('malformed JSON'),
    errors((text) => (text === 'malformed JSON' ? { status: 500 } : {})),
  ),
]

/** A server that does not look at one thing: what goes unnoticed, and with which text the correct server refuses it. */
const taken: Record<string, RegExp> = {
  'an empty body': /an empty body/,
  'a body that is no object': /the body is no object/,
  'a request without inputs': /a request needs inputs/,
  'inputs that are no list': /inputs are no list/,
  'an empty list of inputs': /one input/,
  'an input of an unknown name': /unknown input/,
  'an input without a name': /an input needs a name/,
  'an input without a shape': /needs a shape/,
  'an input without a datatype': /needs a datatype/,
  'an input without data': /needs data/,
  "a datatype that is not the model's": /unfit datatype $/,
  'an unknown datatype': /in lower case/,
  'a shape of more values than there are data': /fewer data/,
  'a shape of fewer values than there are data': /more data/,
  'a shape of another rank': /another rank/,
  "a shape that is not the model's": /another shape/,
  'a negative shape': /a negative shape/,
  'a shape that is not whole': /not whole/,
  'a shape of texts': /a shape of texts/,
  'ragged nested data': /ragged/,
  'data that are no list': /data are no list/,
  'data that hold a text': /data hold a text/,
  'data that hold a null': /data hold a null/,
  'an unknown output': /unknown output/,
  'outputs that are no list': /outputs are no list/,
  'BYTES that are not base64': /not base64/,
  'BYTES that are no image': /not an image/,
  'BYTES that are empty': /an empty image/,
  'BYTES that are numbers': /images are no texts/,
  'more BYTES than the shape says': /images do not fit/,
}

const lenience = [
  ...Object.entries(taken).map(([what, refusal]) =>
    fault(`${what} would do`, infer400(what), accepts(refusal)),
  ),
  fault(
    'any name of an input would do at the path of the version',
    'infer at the path of the version answers 400 to an input of an unknown name',
    accepts(/unknown input/, VERSIONED),
  ),
  fault(
    'a shape ends the memory',
    'infer refuses a shape beyond all memory',
    errors((text) => (/beyond all memory/.test(text) ? { status: 500 } : {})),
  ),
  fault('a bad image ends the server', 'after all these requests the server still answers', (correct) => {
    let ended = false
    return (call) => {
      const reply = correct(call)
      if (/not an image/.test((reply.body as Body).error)) ended = true
      else if (ended) return { status: 500, body: { error: 'the worker is gone' } }
      return reply
    }
  }),
]

export const faults: Fault[] = [
  ...health,
  ...metadata,
  ...inference,
  ...answerFields,
  ...images,
  ...paths,
  ...errorBodies,
  ...lenience,
]

/** Rows of three values. */
function chunks(data: number[]): number[][] {
  return Array.from({ length: Math.ceil(data.length / 3) }, (_, row) => data.slice(row * 3, row * 3 + 3))
}

/** [channel][y][x] to the same nesting, read in the order of [y][x][channel]. */
function transposed(sample: number[][][]): number[][][] {
  const flat =
    sample[0]?.flatMap((row, y) => row.flatMap((_, x) => sample.map((plane) => plane[y]?.[x] ?? 0))) ?? []
  return sample.map((plane, c) => plane.map((row, y) => row.map((_, x) => flat[c * 64 + y * 8 + x] ?? 0)))
}
