import type { Check } from '../check.js'
import { asText, expect, isObject } from '../expect.js'
import { expectSame, infer, type Output, tensorRequest } from '../infer.js'
import { product, type Tensor } from '../tensors.js'

const ID = 'Konformität "42"'

/** The fields of the answer to an inference request, and what the request's own fields do to it. */
export const answerChecks: Check[] = [
  {
    name: 'infer answer names the model',
    expected: '"model_name": "{m}"',
    async run(context) {
      const { body } = await infer(context, tensorRequest(await context.model()))
      expect(body.model_name === context.modelName, `model_name ${asText(body.model_name)}`)
    },
  },
  {
    name: 'infer answer names the version',
    expected: '"model_version": the version that the metadata list; with the version in the path, that one',
    why: 'Optional in the specification for servers without versions; needed here.',
    async run(context) {
      const version = await context.version()
      for (const path of [context.path(), context.path({ version })]) {
        const { body } = await infer(context, tensorRequest(await context.model()), path)
        expect(body.model_version === version, `model_version ${asText(body.model_version)}`)
      }
    },
  },
  {
    name: 'infer answers every output of the metadata once',
    expected: '"outputs": one of each name',
    async run(context) {
      const model = await context.model()
      const { outputs } = await infer(context, tensorRequest(model))
      expectNames(outputs, model.outputs)
    },
  },
  {
    name: 'outputs have the datatype and shape of the metadata',
    expected: 'the datatype, and the shape with a number of rows for each -1',
    async run(context) {
      const model = await context.model()
      const { outputs } = await infer(context, tensorRequest(model))
      for (const output of outputs) expectDescribed(output, model.outputs)
    },
  },
  {
    name: "outputs' data are flat and as long as their shape",
    expected: 'a list of numbers or texts, as many as the product of the shape',
    why: 'The specification lets answers be nested; flat is what every client can read.',
    async run(context) {
      const { outputs } = await infer(context, tensorRequest(await context.model()))
      for (const { name, shape, data } of outputs) {
        const flat = data.every((value) => ['number', 'string', 'boolean'].includes(typeof value))
        expect(flat, `${name} holds ${asText(data.slice(0, 4))}`)
        expect(data.length === product(shape), `${name}: ${data.length} values for shape ${asText(shape)}`)
      }
    },
  },
  {
    name: 'an id is sent back',
    expected: `"id": ${JSON.stringify(ID)}, as it was given`,
    async run(context) {
      const { body } = await infer(context, { id: ID, ...tensorRequest(await context.model()) })
      expect(body.id === ID, `id ${asText(body.id)}`)
    },
  },
  {
    name: 'without an id none is sent back',
    expected: 'no "id" in the answer, not even null',
    async run(context) {
      const { body } = await infer(context, tensorRequest(await context.model()))
      expect(!('id' in body), `id ${asText(body.id)}`)
    },
  },
  {
    name: 'a null id is never sent back',
    expected: '400, or 200 without "id"',
    why: 'The specification has texts only. Refusing null and taking it for "no id" are both fine; sending it back is not.',
    async run(context) {
      const request = { id: null, ...tensorRequest(await context.model()) }
      const { status, json } = await context.send(`${context.path()}/infer`, { body: request })
      expect(status === 400 || status === 200, `status ${status}`)
      expect(!(isObject(json) && 'id' in json), 'an answer with an id')
    },
  },
  {
    name: 'unknown parameters of the request are ignored',
    expected: '200 and the same outputs as without "parameters"',
    async run(context) {
      const request = tensorRequest(await context.model())
      const plain = await infer(context, request)
      const extended = await infer(context, { ...request, parameters: { conformance_unknown: 'x' } })
      expectSame(plain.outputs, extended.outputs, 'the answers differ')
    },
  },
  {
    name: 'unknown parameters of inputs and outputs are ignored',
    expected: '200 and the same outputs as without "parameters"',
    async run(context) {
      const model = await context.model()
      const request = tensorRequest(model)
      const plain = await infer(context, request)
      const parameters = { conformance_unknown: 1 }
      const inputs = request.inputs.map((input) => ({ ...input, parameters }))
      const outputs = model.outputs.map(({ name }) => ({ name, parameters }))
      expectSame(plain.outputs, (await infer(context, { inputs, outputs })).outputs, 'the answers differ')
    },
  },
  {
    name: 'only the outputs that were asked for are answered',
    expected: '"outputs": [{"name": one}]: that one alone',
    async run(context) {
      const model = await context.model()
      const last = model.outputs.slice(-1)
      const request = { ...tensorRequest(model), outputs: last.map(({ name }) => ({ name })) }
      expectNames((await infer(context, request)).outputs, last)
    },
  },
]

function expectNames(found: Output[], wanted: Tensor[]): void {
  const [names, others] = [found, wanted].map((list) => list.map(({ name }) => name).sort())
  expect(asText(names) === asText(others), `outputs ${asText(names)}, in the metadata ${asText(others)}`)
}

export function expectDescribed(output: Output, wanted: Tensor[]): void {
  const { name, datatype, shape } = output
  const tensor = wanted.find((candidate) => candidate.name === name)
  expect(tensor?.datatype === datatype, `${name} has datatype ${asText(datatype)}`)
  const fits =
    tensor?.shape.length === shape.length &&
    shape.every((size, index) => Number.isInteger(size) && [size, -1].includes(tensor.shape[index] ?? 0))
  expect(fits, `${name} has shape ${asText(shape)}, in the metadata ${asText(tensor?.shape)}`)
}
