import type { Check } from '../check.js'
import { asText, expect, expectOk } from '../expect.js'
import { expectSame, infer, needFreeBatch, nested, type Output, summary, tensorRequest } from '../infer.js'
import { close, distance } from '../tensors.js'

export const inferChecks: Check[] = [
  {
    name: 'infer takes flat tensor data',
    expected: 'POST /v2/models/{m}/infer: 200 with "outputs", each of name, datatype, shape and data',
    async run(context) {
      await infer(context, tensorRequest(await context.model()))
    },
  },
  {
    name: 'infer takes nested tensor data and answers the same',
    expected: 'the answer to the same values as flat row-major data',
    async run(context) {
      const request = tensorRequest(await context.model())
      const [flat, deep] = [await infer(context, request), await infer(context, nested(request))]
      expectSame(flat.outputs, deep.outputs, 'flat and nested differ')
    },
  },
  {
    name: 'infer answers the same input with the same output',
    expected: 'two equal answers, but for rounding',
    async run(context) {
      const request = tensorRequest(await context.model())
      const [first, second] = [await infer(context, request), await infer(context, request)]
      expectSame(first.outputs, second.outputs, 'the answers differ')
    },
  },
  {
    name: 'infer answers different inputs with different outputs',
    expected: 'two answers that differ',
    async run(context) {
      const model = await context.model()
      const { outputs } = await infer(context, tensorRequest(model, [1]))
      const other = await infer(context, tensorRequest(model, [2]))
      expect(differ(outputs, other.outputs), `twice ${summary(outputs)}`)
    },
  },
  {
    name: 'infer takes a batch and answers each row as if alone',
    expected: 'two samples at once: two rows, in order, each like the answer to that sample alone',
    why: 'Kernels may round differently in a batch, so a row has to be near its own answer and far from the other one.',
    async run(context) {
      const model = await context.model()
      needFreeBatch(model)
      const [a, b] = [
        await infer(context, tensorRequest(model, [1])),
        await infer(context, tensorRequest(model, [2])),
      ]
      expectRows((await infer(context, tensorRequest(model, [1, 2]))).outputs, [a.outputs, b.outputs])
    },
  },
  {
    name: 'infer at the path of the version answers the same',
    expected: 'POST /v2/models/{m}/versions/{v}/infer: 200 and the same outputs',
    async run(context) {
      const request = tensorRequest(await context.model())
      const plain = await infer(context, request)
      const versioned = await infer(context, request, context.path({ version: await context.version() }))
      expectSame(plain.outputs, versioned.outputs, 'the answers differ')
    },
  },
  {
    name: 'infer takes a content type with a charset',
    expected: 'content type "application/json; charset=utf-8": 200',
    async run(context) {
      const body = tensorRequest(await context.model())
      const contentType = 'application/json; charset=utf-8'
      expectOk(await context.send(`${context.path()}/infer`, { body, contentType }))
    },
  },
]

/** That two rows are the answers to two samples, each in its place. */
export function expectRows(batch: Output[], alone: [Output[], Output[]]): void {
  for (const output of batch) {
    const size = output.data.length / 2
    const [a, b] = alone.map((outputs) => outputs.find(({ name }) => name === output.name)?.data ?? [])
    expect(a?.length === size && b?.length === size, `${output.name} has shape ${asText(output.shape)}`)
    const rows = [output.data.slice(0, size), output.data.slice(size)]
    for (const [index, own] of [a ?? [], b ?? []].entries()) {
      const row = rows[index] ?? []
      const near = close(own, row) || distance(own, row) < 0.25 * distance(a ?? [], b ?? [])
      expect(
        near,
        `row ${index} of ${output.name}: ${summary([{ ...output, data: row }])}, alone ${asText(own.slice(0, 4))}`,
      )
    }
  }
}

/** Whether anything at all differs. */
export function differ(first: Output[], second: Output[]): boolean {
  return first.some(({ data }, index) => distance(data, second[index]?.data ?? []) > 0)
}
