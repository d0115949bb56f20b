import fc from 'fast-check'
import { soundImages, specialImages } from './hostile-images.js'

/** One request that a hostile or careless client might send. */
export interface HostileRequest {
  path: string
  contentType: string
  body: Uint8Array
}

/** Texts that are meant to be JSON for /score or infer, and go wrong in many ways. */
const texts: fc.Arbitrary<string> = fc.oneof(
  fc.json(),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.integer({ min: 1, max: 200_000 }).map((depth) => '['.repeat(depth)),
  fc.integer({ min: 1, max: 20_000 }).map((depth) => `{"input":${'['.repeat(depth)}${']'.repeat(depth)}}`),
  fc.jsonValue().map((input) => JSON.stringify({ input })),
  fc.jsonValue().map((input) => JSON.stringify({ input: JSON.stringify(input) })),
  fc.array(fc.string({ maxLength: 50 }), { maxLength: 40 }).map((input) => JSON.stringify({ input })),
  fc.constantFrom(
    '{"__proto__": {"input": []}}',
    '{"input": {"__proto__": []}}',
    '{"constructor": {"prototype": {"input": 1}}, "input": "[]"}',
    '{"input":"[\\"\\"]"}',
    '{"input":"[\\"aGVsbG8=\\", 1]"}',
    '{"input":"[\\"\\u0000\\"]"}',
    '\uFEFF{"input": []}',
    // Each takes many times its own size once it is parsed; memory.test.ts has larger ones.
    `{"input":[${'{},'.repeat(100_000)}0]}`,
    `{"input":[${'[],'.repeat(100_000)}0]}`,
    `{"input":[${'0,'.repeat(210_000)}0]}`,
    `{"inputs":[{"name":"input","shape":[1],"datatype":"FP32","data":[${'{},'.repeat(100_000)}0]}]}`,
  ),
  fc
    .record({
      shape: fc.jsonValue(),
      datatype: fc.constantFrom('FP32', 'BYTES', 'INT64', ''),
      data: fc.jsonValue(),
    })
    .map((tensor) => JSON.stringify({ inputs: [{ name: 'input', ...tensor }] })),
  fc
    .array(fc.integer({ min: -2, max: 2 ** 31 }), { maxLength: 5 })
    .map((shape) => JSON.stringify({ inputs: [{ name: 'input', shape, datatype: 'FP32', data: [0] }] })),
)

/** Requests of all these kinds, to every route that takes a body. */
export async function hostileRequests(): Promise<fc.Arbitrary<HostileRequest>> {
  const sound = fc.constantFrom(...(await soundImages()))
  const special = fc.constantFrom(...(await specialImages()))
  const truncated = fc
    .tuple(sound, fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([image, share]) => image.subarray(0, image.length * share))
  const corrupted = fc
    .tuple(sound, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 20 }))
    .map(([image, changes]) => {
      const copy = Buffer.from(image)
      for (const [at, value] of changes) copy[at % copy.length] = value
      return copy
    })
  const spliced = fc
    .tuple(sound, sound)
    .map(([one, other]) => Buffer.concat([one.subarray(0, one.length / 2), other]))
  const image = fc.oneof(
    { arbitrary: corrupted, weight: 8 },
    { arbitrary: truncated, weight: 4 },
    { arbitrary: spliced, weight: 1 },
    { arbitrary: fc.uint8Array({ maxLength: 500 }), weight: 1 },
    { arbitrary: special, weight: 1 },
  )
  const base64 = fc.tuple(image, fc.nat(4)).map(([bytes, wrapping]) => {
    const text = Buffer.from(bytes).toString('base64')
    const wraps = [
      text,
      `data:image/png;base64,${text}`,
      text.replace(/(.{76})/g, '$1\n'),
      `b'${text}'`,
      `${text}===`,
    ]
    return wraps[wrapping] as string
  })
  const bytes = (text: string) => Buffer.from(text)
  const types = fc.constantFrom(
    'image/jpeg',
    'image/png',
    'image/webp',
    'application/json',
    'multipart/form-data; boundary=x',
    'text/html',
    'image/svg+xml',
    'nonsense',
  )
  const score = (contentType: string, body: Uint8Array) => ({ path: '/score', contentType, body })
  const infer = (body: Uint8Array) => ({
    path: '/v2/models/fashion-mnist/infer',
    contentType: 'application/json',
    body,
  })
  const inferImages = (data: string[]) => ({
    inputs: [{ name: 'input', shape: [data.length], datatype: 'BYTES', data }],
  })
  return fc.oneof(
    { weight: 4, arbitrary: fc.tuple(types, image).map(([type, body]) => score(type, body)) },
    {
      weight: 4,
      arbitrary: fc
        .array(base64, { maxLength: 3 })
        .map((list) => score('application/json', bytes(JSON.stringify({ input: JSON.stringify(list) })))),
    },
    {
      weight: 2,
      arbitrary: fc
        .array(base64, { maxLength: 3 })
        .map((list) => infer(bytes(JSON.stringify(inferImages(list))))),
    },
    { weight: 2, arbitrary: texts.map((text) => score('application/json', bytes(text))) },
    { weight: 2, arbitrary: texts.map((text) => infer(bytes(text))) },
    {
      weight: 1,
      arbitrary: fc.uint8Array({ maxLength: 200 }).map((body) => score('application/json', body)),
    },
    {
      weight: 1,
      arbitrary: image.map((file) => {
        const head = '--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
        return score(
          'multipart/form-data; boundary=x',
          Buffer.concat([bytes(head), file, bytes('\r\n--x--\r\n')]),
        )
      }),
    },
    {
      weight: 1,
      arbitrary: fc
        .integer({ min: 1, max: 100_000 })
        .map((parts) => score('multipart/form-data; boundary=x', bytes('--x\r\n'.repeat(parts)))),
    },
  )
}
