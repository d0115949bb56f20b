import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { temporaryFolders, writeOnnx } from '@repo/testing'
import { checkExternalData, externalDataOf, type Manifest } from '../src/index.js'

const temporaryFolder = temporaryFolders()
/** One field of a protobuf message, with a short body. */
const field = (number: number, body: Buffer | string) =>
  Buffer.concat([
    Buffer.from([...varint(number * 8 + 2), ...varint(Buffer.byteLength(body))]),
    Buffer.from(body),
  ])
const varint = (value: number) => (value < 128 ? [value] : [(value & 127) | 128, value >> 7])
const tensor = (location: string) =>
  Buffer.concat([field(13, Buffer.concat([field(1, 'location'), field(2, location)])), Buffer.from([112, 1])])

/** Where a tensor can hide in a model. */
const places: [string, (tensor: Buffer) => Buffer][] = [
  ['an initializer', (data) => field(7, field(5, data))],
  ['a sparse initializer', (data) => field(7, field(15, field(1, data)))],
  ["a node's attribute", (data) => field(7, field(1, field(5, field(5, data))))],
  ['a subgraph', (data) => field(7, field(1, field(5, field(6, field(5, data)))))],
  ['a function', (data) => field(25, field(7, field(5, field(5, data))))],
]

const manifest = (...paths: string[]) =>
  ({
    model: 'model.onnx',
    files: paths.map((path) => ({ path, bytes: 0, sha256: '' })),
  }) as unknown as Manifest

test.each(places)('when %s takes its data from a file, then the file is found', async (_, place) => {
  const folder = await temporaryFolder()
  await writeFile(
    join(folder, 'model.onnx'),
    Buffer.concat([Buffer.from([8, 8]), place(tensor('weights.bin'))]),
  )
  expect(await externalDataOf(join(folder, 'model.onnx'))).toEqual(['weights.bin'])
  await checkExternalData(folder, manifest('model.onnx', 'weights.bin'))
  await expect(checkExternalData(folder, manifest('model.onnx'))).rejects.toMatchObject({
    code: 'integrity',
    message: expect.stringContaining('weights.bin'),
  })
})

test.each(['/etc/passwd', '../weights.bin', 'sub/../../weights.bin', ''])(
  'when the data is in %j, then the model is refused',
  async (location) => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'model.onnx'), field(7, field(5, tensor(location))))
    await expect(checkExternalData(folder, manifest('model.onnx', 'weights.bin'))).rejects.toMatchObject({
      code: 'integrity',
    })
  },
)

test('when a model holds its own weights, or is no model at all, then nothing is found', async () => {
  const path = join(await temporaryFolder(), 'model.onnx')
  const weights = { w: { shape: [50_000], data: new Float32Array(50_000) } }
  await writeFile(path, writeOnnx({ inputs: [], outputs: [], nodes: [], weights }))
  expect(await externalDataOf(path)).toEqual([])
  await writeFile(path, 'graph of 1.0.0')
  expect(await externalDataOf(path)).toEqual([])
})
