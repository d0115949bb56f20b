import type { Check } from '../check.js'
import { asText, expect } from '../expect.js'
import { expectSame, imageRequest, infer, needFreeBatch, summary } from '../infer.js'
import { product } from '../tensors.js'
import { expectDescribed } from './answer.js'
import { differ, expectRows } from './infer.js'

/** Images as base64 texts of datatype BYTES, under the name of the model's own input. */
export const imageChecks: Check[] = [
  {
    name: 'an image as BYTES is answered like a tensor',
    expected: 'datatype BYTES, shape [1], one base64 text: 200 and outputs as the metadata describe them',
    why: "An extension of the protocol, as the specification leaves the meaning of BYTES to the model; the input's own name is kept.",
    async run(context) {
      const model = await context.model()
      const { outputs } = await infer(context, imageRequest(model, [context.images[0]]))
      for (const output of outputs) {
        expectDescribed(output, model.outputs)
        const { name, shape, data } = output
        expect(data.length === product(shape), `${name}: ${data.length} values for shape ${asText(shape)}`)
      }
    },
  },
  {
    name: 'an image at the path of the version answers the same',
    expected: '200 and the same outputs',
    async run(context) {
      const request = imageRequest(await context.model(), [context.images[0]])
      const plain = await infer(context, request)
      const versioned = await infer(context, request, context.path({ version: await context.version() }))
      expectSame(plain.outputs, versioned.outputs, 'the answers differ')
    },
  },
  {
    name: 'different images are answered differently',
    expected: 'a bright and a dark image: two answers that differ',
    async run(context) {
      const model = await context.model()
      const { outputs } = await infer(context, imageRequest(model, [context.images[0]]))
      const other = await infer(context, imageRequest(model, [context.images[1]]))
      expect(differ(outputs, other.outputs), `twice ${summary(outputs)}`)
    },
  },
  {
    name: 'several images are answered in order, each as if alone',
    expected: 'shape [2], two base64 texts: two rows, each like the answer to that image alone',
    async run(context) {
      const model = await context.model()
      needFreeBatch(model)
      const [a, b] = [
        await infer(context, imageRequest(model, [context.images[0]])),
        await infer(context, imageRequest(model, [context.images[1]])),
      ]
      expectRows((await infer(context, imageRequest(model, context.images))).outputs, [a.outputs, b.outputs])
    },
  },
]
