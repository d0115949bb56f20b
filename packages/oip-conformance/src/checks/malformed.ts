import type { Check } from '../check.js'
import type { Context, Model } from '../context.js'
import { NotApplicable } from '../errors.js'
import { expectError } from '../expect.js'
import { type InferRequest, imageRequest, infer, nested, tensorRequest } from '../infer.js'

/** Turns a good request into a bad one; a text is sent as it is. */
type Spoil = (good: InferRequest, model: Model) => unknown

type Input = InferRequest['inputs'][number]

/** Changes the request's first input. */
function input(change: (first: Input) => object): Spoil {
  return ({ inputs: [first, ...rest] }) => ({ inputs: [first && { ...first, ...change(first) }, ...rest] })
}

function without(field: keyof Input): Spoil {
  return input(() => ({ [field]: undefined }))
}

/** Changes the first dimension that is neither the batch nor free, and the data with it. */
function otherSize(good: InferRequest, { inputs: [{ shape }] }: Model): unknown {
  const at = shape.findIndex((size, index) => index > 0 && size > 0)
  if (at === -1) throw new NotApplicable('every dimension is free')
  const [first, ...rest] = good.inputs
  const sizes = (first?.shape ?? []).map((size, index) => (index === at ? size * 2 : size))
  const data = first?.data as unknown[]
  return { inputs: [{ ...first, shape: sizes, data: [...data, ...data] }, ...rest] }
}

/** Moves the last value of the first innermost list to the second: as many values as before, in uneven lists. */
function ragged(good: InferRequest): unknown {
  const request = nested(good)
  let lists = request.inputs[0]?.data as unknown[]
  while (Array.isArray((lists[0] as unknown[] | undefined)?.[0])) lists = lists[0] as unknown[]
  const [first, second] = lists as unknown[][]
  if (!first || !second) throw new NotApplicable("the input's shape has no two lists side by side")
  second.push(first.pop())
  return request
}

const images =
  (change: (first: Input) => object): Spoil =>
  (_good, model) =>
    input(change)(imageRequest(model, [Buffer.from('unused')]), model)

const bodies: Record<string, Spoil> = {
  'malformed JSON': () => '{"inputs": [',
  'an empty body': () => '',
  'a body that is no object': () => '[]',
  'a request without inputs': () => ({ id: 'x' }),
  'inputs that are no list': ({ inputs }) => ({ inputs: inputs[0] }),
  'an empty list of inputs': () => ({ inputs: [] }),
  'an input of an unknown name': input(() => ({ name: 'oip-conformance-unknown' })),
  'an input without a name': without('name'),
  'an input without a shape': without('shape'),
  'an input without a datatype': without('datatype'),
  'an input without data': without('data'),
  "a datatype that is not the model's": input(({ datatype }) => ({
    datatype: datatype === 'INT64' ? 'FP32' : 'INT64',
  })),
  'an unknown datatype': input(({ datatype }) => ({ datatype: datatype.toLowerCase() })),
  'a shape of more values than there are data': input(({ data }) => ({ data: (data as []).slice(1) })),
  'a shape of fewer values than there are data': input(({ data }) => ({ data: [...(data as []), 0] })),
  'a shape of another rank': input(({ shape }) => ({ shape: [1, ...shape] })),
  "a shape that is not the model's": otherSize,
  'a negative shape': input(({ shape }) => ({ shape: [-1, ...shape.slice(1)] })),
  'a shape that is not whole': input(({ shape }) => ({ shape: [1.5, ...shape.slice(1)] })),
  'a shape of texts': input(({ shape }) => ({ shape: shape.map(String) })),
  'ragged nested data': ragged,
  'data that are no list': input(() => ({ data: 'oip-conformance' })),
  'data that hold a text': input(({ data }) => ({ data: ['oip-conformance', ...(data as []).slice(1)] })),
  'data that hold a null': input(({ data }) => ({ data: [null, ...(data as []).slice(1)] })),
  'an unknown output': (good) => ({ ...good, outputs: [{ name: 'oip-conformance-unknown' }] }),
  'outputs that are no list': (good) => ({ ...good, outputs: { name: 'x' } }),
  'BYTES that are not base64': images(({ data }) => ({ data: (data as []).map(() => '*not base64*') })),
  'BYTES that are no image': images(({ data }) => ({
    data: (data as []).map(() => Buffer.from('oip-conformance: no image').toString('base64')),
  })),
  'BYTES that are empty': images(({ data }) => ({ data: (data as []).map(() => '') })),
  'BYTES that are numbers': images(({ data }) => ({ data: (data as []).map(() => 1) })),
  'more BYTES than the shape says': images(({ data }) => ({ data: [...(data as []), ...(data as [])] })),
}

const EXPECTED = '400 {"error": text}'

/** Where the specification leaves a choice. */
const whys: Record<string, string> = {
  'ragged nested data': 'The number of values fits, but nobody can say which value belongs where.',
  'data that hold a text':
    'A server may turn values into the type it needs; this text is no number in any reading.',
  'data that hold a null': 'JSON has null where a sender had NaN; taking it for 0 would be a wrong answer.',
  'an unknown datatype': 'All texts of the protocol are case-sensitive, so "fp32" is not "FP32".',
  'an unknown output': 'A server that ignores "outputs" would answer 200.',
}

async function refuses(context: Context, spoil: Spoil, path: string, ...statuses: number[]): Promise<void> {
  const model = await context.model()
  expectError(await context.send(`${path}/infer`, { body: spoil(tensorRequest(model), model) }), ...statuses)
}

export const malformedChecks: Check[] = [
  ...Object.entries(bodies).map(([what, spoil]): Check => {
    const why = whys[what]
    return {
      name: `infer answers 400 to ${what}`,
      expected: EXPECTED,
      ...(why === undefined ? {} : { why }),
      run: (context) => refuses(context, spoil, context.path(), 400),
    }
  }),
  {
    name: 'infer refuses a shape beyond all memory',
    expected: '400 or 413 {"error": text}',
    why: 'The data do not fit the shape: 400. A server may notice first that no batch may be so large: 413.',
    async run(context) {
      const spoil = input(({ shape }) => ({ shape: [2 ** 50, ...shape.slice(1)] }))
      await refuses(context, spoil, context.path(), 400, 413)
    },
  },
  {
    name: 'infer at the path of the version answers 400 to an input of an unknown name',
    expected: EXPECTED,
    async run(context) {
      const spoil = input(() => ({ name: 'oip-conformance-unknown' }))
      await refuses(context, spoil, context.path({ version: await context.version() }), 400)
    },
  },
  {
    name: 'after all these requests the server still answers',
    expected: 'POST infer: 200',
    async run(context) {
      await infer(context, tensorRequest(await context.model()))
    },
  },
]
