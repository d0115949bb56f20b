import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { readBundle, verifyBundle } from '@repo/model-bundle'
import { temporaryFolders, writeOnnx } from '@repo/testing'
import { model, modelJson } from './helpers/run.js'

const temporaryFolder = temporaryFolders()

interface Parts {
  input?: (number | string)[]
  dtype?: 'float32' | 'uint8'
  labels?: string[]
}

/** A model that averages its input's channels, with one label for each, and the arguments to make a bundle of it. */
async function parts({
  input = ['N', 3, 224, 224],
  dtype = 'float32',
  labels = ['red', 'green', 'blue'],
}: Parts = {}) {
  const folder = await temporaryFolder()
  const onnx = join(folder, 'mine.onnx')
  await writeFile(
    onnx,
    writeOnnx({
      inputs: [{ name: 'pixels', dtype, shape: input }],
      outputs: [{ name: 'scores', dtype: 'float32', shape: [input[0] ?? 1, 3] }],
      nodes: [
        { op: 'Cast', inputs: ['pixels'], outputs: ['float'], attributes: { to: 1 } },
        {
          op: 'ReduceMean',
          inputs: ['float'],
          outputs: ['scores'],
          attributes: { axes: input[1] === 3 ? [2, 3] : [1, 2], keepdims: 0 },
        },
      ],
    }),
  )
  const labelsFile = join(folder, 'classes.txt')
  await writeFile(labelsFile, `${labels.join('\n')}\n`)
  const out = join(folder, 'bundle')
  const args = [
    'init',
    '--onnx',
    onnx,
    '--labels',
    labelsFile,
    '--name',
    'mine',
    '--version',
    '1.0.0',
    '--out',
    out,
  ]
  return { folder, out, args }
}

const imagenet = ['--preset', 'imagenet']

describe('model init', () => {
  test('when model, labels and preset fit, then the bundle is complete and can be published', async () => {
    const { folder, out, args } = await parts()
    await writeFile(join(folder, 'a red one.png'), 'a picture')
    const more = [
      ...['--sample', `${join(folder, 'a red one.png')}=red`, '--output-kind', 'probabilities'],
      ...['--source', 'trained by me', '--license', 'MIT'],
    ]
    const { code, stdout, stderr } = await model([...args, ...imagenet, ...more])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(
      `${out} holds mine 1.0.0. Look over ${join(out, 'model.json')}, then publish it: model publish ${out}\n`,
    )
    const { manifest, labels } = await verifyBundle(out)
    expect(labels).toEqual(['red', 'green', 'blue'])
    expect(manifest).toMatchObject({
      name: 'mine',
      version: '1.0.0',
      input: { name: 'pixels', layout: 'NCHW', mean: [123.675, 116.28, 103.53] },
      output: { name: 'scores', kind: 'probabilities' },
      samples: [{ file: 'samples/01-a-red-one.png', label: 'red' }],
      source: 'trained by me',
      license: 'MIT',
    })
    expect(manifest.metrics).toBeUndefined()
    const store = pathToFileURL(join(folder, 'store')).href
    expect(await model(['publish', out, '--store', store])).toMatchObject({ code: 0 })
  })

  test('when --json is given, then it answers with the bundle and what it found', async () => {
    const { out, args } = await parts({ input: [1, 224, 224, 3] })
    const { code, answer } = await modelJson([...args, '--preset', 'imagenet-nhwc'])
    expect({ code, answer }).toMatchObject({
      code: 0,
      answer: {
        folder: out,
        name: 'mine',
        version: '1.0.0',
        input: { name: 'pixels', layout: 'NHWC', width: 224 },
        output: { name: 'scores', kind: 'logits' },
      },
    })
  })

  test.each<[string, Parts, string[], RegExp]>([
    [
      'the size',
      { input: ['N', 3, 299, 299] },
      imagenet,
      /makes float32 \[N, 3, 224, 224\].*\[N, 3, 299, 299\]/,
    ],
    [
      'the layout',
      { input: ['N', 224, 224, 3] },
      imagenet,
      /but its input is "pixels" float32 \[N, 224, 224, 3\]/,
    ],
    ['the type', { dtype: 'uint8' }, imagenet, /makes float32 .* "pixels" uint8/],
    [
      'the number of labels',
      { labels: ['red', 'green'] },
      imagenet,
      /has 2 labels.*"scores" float32 \[N, 3\]/,
    ],
    [
      'the preset',
      {},
      ['--preset', 'picasso'],
      /Allowed choices are imagenet, imagenet-nhwc, tf-lite4, mnist/,
    ],
    [
      'the output kind',
      {},
      [...imagenet, '--output-kind', 'guesses'],
      /Allowed choices are logits, probabilities/,
    ],
    ['a sample', {}, [...imagenet, '--sample', 'picture.png'], /not of the form FILE=LABEL/],
    ['a sample that is not there', {}, [...imagenet, '--sample', 'none.png=red'], /none\.png cannot be read/],
  ])('when %s does not fit, then that is wrong usage and nothing is made', async (_, own, more, message) => {
    const { out, args } = await parts(own)
    expect(await model([...args, ...more])).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(message),
    })
    await expect(readFile(join(out, 'model.json'))).rejects.toThrow('ENOENT')
  })

  test('when the file is not a model, then the exit code is 4', async () => {
    const { folder, args } = await parts()
    await writeFile(join(folder, 'mine.onnx'), 'not a model')
    expect(await modelJson([...args, ...imagenet])).toMatchObject({
      code: 4,
      failure: { error: { code: 'integrity', message: expect.stringContaining('model.onnx') } },
    })
  })

  test.each([
    ["a sample's label is unknown", ['--sample', 'LABELS=purple']],
    ['the name is not usable', ['--name', 'My Model']],
    ['the version is not one', ['--version', 'new']],
  ])('when %s, then that is wrong usage and nothing is made', async (_, more) => {
    const { folder, out, args } = await parts()
    const given = more.map((arg) => arg.replace('LABELS', join(folder, 'classes.txt')))
    expect(await model([...args, ...imagenet, ...given])).toMatchObject({ code: 2, stdout: '' })
    await expect(readFile(join(out, 'model.json'))).rejects.toThrow('ENOENT')
  })

  test('when a bundle is there already, then only --force replaces it', async () => {
    const { out, args } = await parts()
    await model([...args, ...imagenet])
    const again = [...args, ...imagenet, '--license', 'MIT']
    expect(await model(again)).toMatchObject({ code: 2, stderr: expect.stringContaining('--force') })
    expect((await readBundle(out)).manifest.license).toBe('not stated')
    expect(await model([...again, '--force'])).toMatchObject({ code: 0 })
    expect((await readBundle(out)).manifest.license).toBe('MIT')
  })

  test('when something else is there, then not even --force replaces it', async () => {
    const { folder, args } = await parts()
    const { code, stderr } = await model([...args, ...imagenet, '--force', '--out', folder])
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is not a model folder'),
    })
  })
})
