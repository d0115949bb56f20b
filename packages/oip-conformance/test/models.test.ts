import { expect, test } from '@jest/globals'
import type { CheckResult } from '../src/index.js'
import { runConformance } from '../src/index.js'
import { makePng } from '../src/png.js'
import { MAX_BODY_BYTES, MODEL, type ReferenceModel, reference } from './reference.js'
import { type Call, servers } from './server.js'

const serve = servers()

async function run(model: ReferenceModel): Promise<CheckResult[]> {
  const baseUrl = await serve(reference(model))
  return runConformance({ baseUrl, model: MODEL, maxBodyBytes: MAX_BODY_BYTES })
}

const skipped = (results: CheckResult[]) =>
  results.filter(({ status }) => status === 'skipped').map(({ name }) => name)
const failed = (results: CheckResult[]) => results.filter(({ status }) => status === 'failed')

const BATCH = [
  'infer takes a batch and answers each row as if alone',
  'several images are answered in order, each as if alone',
]

test('when a server is correct, then every check passes', async () => {
  const results = await run({})
  expect(results.filter(({ status }) => status !== 'passed')).toEqual([])
})

test('when the limit for a body is not known, then that one check is skipped', async () => {
  const baseUrl = await serve(reference())
  const results = await runConformance({ baseUrl, model: MODEL })
  expect(failed(results)).toEqual([])
  expect(skipped(results)).toEqual(['a body above the limit answers 413 with an error text'])
})

test('when the batch is fixed, then only the checks of a larger batch are skipped', async () => {
  const results = await run({ shape: [1, 3, 8, 8] })
  expect(failed(results)).toEqual([])
  expect(skipped(results)).toEqual(BATCH)
  expect(results.find(({ name }) => name === BATCH[0])?.reason).toContain('not free')
})

test('when the batch is fixed at four, then four samples and four images are sent', async () => {
  const results = await run({ shape: [4, 3, 8, 8] })
  expect(failed(results)).toEqual([])
  expect(skipped(results)).toEqual(BATCH)
})

test('when the input is UINT8 with the channels last, then every check passes', async () => {
  expect(
    (await run({ datatype: 'UINT8', shape: [-1, 8, 8, 3] })).every(({ status }) => status === 'passed'),
  ).toBe(true)
})

test('when the input is INT64, then the wrong datatype that is sent is another one', async () => {
  expect(failed(await run({ datatype: 'INT64', shape: [-1, 3, 8, 8] }))).toEqual([])
})

test('when width and height are free, then images and tensors are still sent', async () => {
  expect(failed(await run({ shape: [-1, 3, -1, -1] }))).toEqual([])
})

test('when the model takes one size only though it leaves it free, then that size can be given', async () => {
  const model = { shape: [-1, 3, -1, -1], onlySize: 12 }
  expect(failed(await run(model)).length).toBeGreaterThan(0)
  const baseUrl = await serve(reference(model))
  expect(failed(await runConformance({ baseUrl, model: MODEL, freeSize: 12 }))).toEqual([])
})

test('when the input is a row of numbers, then the checks of images and of lists in lists are skipped', async () => {
  const results = await run({ shape: [-1, 6] })
  expect(failed(results)).toEqual([])
  expect(skipped(results).filter((name) => !/image|BYTES/.test(name))).toEqual([
    'infer answers 400 to ragged nested data',
  ])
})

test('when the model takes texts, then its tensors are not guessed', async () => {
  const results = await run({ datatype: 'BYTES', shape: [-1] })
  expect(failed(results)).toEqual([])
  expect(skipped(results)).toContain('infer takes flat tensor data')
})

test('when the caller gives an image, then that image is sent', async () => {
  const image = makePng(() => [200, 10, 10])
  const calls: Call[] = []
  const correct = reference()
  const baseUrl = await serve((call) => {
    calls.push(call)
    return correct(call)
  })
  const results = await runConformance({ baseUrl, model: MODEL, image })
  expect(failed(results)).toEqual([])
  const sent = calls.filter(({ body }) => body.includes(image.toString('base64')))
  expect(sent.length).toBeGreaterThan(3)
})

test('when the server serves below a path and the model has a name with a slash, then both are asked for', async () => {
  const correct = reference()
  const baseUrl = await serve((call) =>
    call.path.startsWith('/a/b/v2')
      ? correct({ ...call, path: call.path.slice(4).replace('my%2Fmodel', MODEL) })
      : { status: 404, body: { error: 'not here' } },
  )
  const results = await runConformance({ baseUrl: `${baseUrl}/a/b/`, model: 'my/model' })
  expect(failed(results).map(({ name }) => name)).toEqual([
    'model ready answers its name and ready: true',
    'model ready at the path of its version answers the same',
    'model metadata carry the name of the model',
    'infer answer names the model',
  ])
})
