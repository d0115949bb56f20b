import { describe, expect, test } from '@jest/globals'
import { BundleError, parseManifest, pathProblem, presets, sha256 } from '../src/index.js'
import { type Json, validManifest } from './helpers/manifest.js'

/** The manifest after a change, parsed. */
function parse(change: (manifest: Json) => void = () => {}) {
  const manifest = validManifest()
  change(manifest)
  return parseManifest(JSON.stringify(manifest), 'model.json')
}

function failureOf(change: (manifest: Json) => void): BundleError {
  try {
    parse(change)
  } catch (error) {
    if (error instanceof BundleError) return error
  }
  throw new Error('It was accepted.')
}

describe('a manifest', () => {
  test('when it is valid, then it is read, with defaults for what may be left out', () => {
    const manifest = parse((full) => {
      delete full.samples
      delete full.input.scale
      delete full.input.invert
    })
    expect(manifest).toMatchObject({
      name: 'clothes',
      samples: [],
      input: { scale: '0..255', invert: false },
    })
  })

  test('when it is not JSON, then the error says where', () => {
    expect(() => parseManifest('{', 'store/model.json')).toThrow(
      expect.objectContaining({
        code: 'invalid',
        message: expect.stringMatching(/^store\/model\.json is not JSON/),
      }),
    )
  })

  test.each(['null', '[]', '"text"', '{}'])('when it is %s, then it is invalid', (text) => {
    expect(() => parseManifest(text, 'model.json')).toThrow(expect.objectContaining({ code: 'invalid' }))
  })

  test('when several things are wrong, then the error names each field', () => {
    const { message } = failureOf((manifest) => {
      manifest.name = 'My Model'
      manifest.version = 'v1'
      manifest.input.width = 0
    })
    expect(message).toMatch(/model\.json is not a valid model manifest:/)
    expect(message).toMatch(/ {2}name: must be 1-63 lower-case/)
    expect(message).toMatch(/ {2}version: must be a semantic version/)
    expect(message).toMatch(/ {2}input\.width: /)
  })

  test.each<[string, (manifest: Json) => void]>([
    ['an empty name', (manifest) => Object.assign(manifest, { name: '' })],
    ['a name of 64 characters', (manifest) => Object.assign(manifest, { name: 'x'.repeat(64) })],
    ['a name with a slash', (manifest) => Object.assign(manifest, { name: 'a/b' })],
    ['a name that is a path', (manifest) => Object.assign(manifest, { name: '..' })],
    ['a version of two numbers', (manifest) => Object.assign(manifest, { version: '1.0' })],
    ['a version with a leading zero', (manifest) => Object.assign(manifest, { version: '01.0.0' })],
    ['a version that is a path', (manifest) => Object.assign(manifest, { version: '1.0.0/../x' })],
    ['another task', (manifest) => Object.assign(manifest, { task: 'translation' })],
    ['no licence', (manifest) => Object.assign(manifest, { license: '' })],
    ['a date without a time', (manifest) => Object.assign(manifest, { createdAt: '2026-01-01' })],
    ['a negative size', (manifest) => Object.assign(manifest.files[0], { bytes: -1 })],
    ['half a byte', (manifest) => Object.assign(manifest.files[0], { bytes: 0.5 })],
    ['a size beyond what numbers hold', (manifest) => Object.assign(manifest.files[0], { bytes: 2 ** 60 })],
    ['a short hash', (manifest) => Object.assign(manifest.files[0], { sha256: 'abc' })],
    [
      'a hash in capitals',
      (manifest) => Object.assign(manifest.files[0], { sha256: sha256('').toUpperCase() }),
    ],
    ['a model that is not listed', (manifest) => Object.assign(manifest, { model: 'other.onnx' })],
    ['labels that are not listed', (manifest) => Object.assign(manifest, { labels: 'other.txt' })],
    ['a sample that is not listed', (manifest) => manifest.samples.push({ file: 'x.png', label: 'shirt' })],
    ['another layout', (manifest) => Object.assign(manifest.input, { layout: 'CHW' })],
    ['another type', (manifest) => Object.assign(manifest.input, { dtype: 'int64' })],
    ['another output', (manifest) => Object.assign(manifest.output, { kind: 'boxes' })],
    ['an unknown resize mode', (manifest) => Object.assign(manifest.input, { resize: { mode: 'stretch' } })],
    ['a crop larger than the short side', (manifest) => Object.assign(manifest.input, { width: 300 })],
    ['three means for one channel', (manifest) => Object.assign(manifest.input, { channels: 'gray' })],
    ['a mean for one of three channels', (manifest) => Object.assign(manifest.input, { mean: [1] })],
    ['a deviation of 0', (manifest) => Object.assign(manifest.input, { std: [1, 0, 1] })],
    ['a mean for whole pixels', (manifest) => Object.assign(manifest.input, { dtype: 'uint8' })],
    ['accuracy over 100 %', (manifest) => Object.assign(manifest.metrics, { top1: 101 })],
    ['accuracy measured on nothing', (manifest) => Object.assign(manifest.metrics, { samples: 0 })],
  ])('when it has %s, then it is invalid', (_, change) => {
    expect(failureOf(change).code).toBe('invalid')
  })

  test.each(['1.0.0', '0.0.1', '10.20.30', '1.0.0-rc.1', '1.0.0+build.5'])(
    'when its version is %s, then it is accepted',
    (version) => {
      expect(parse((manifest) => Object.assign(manifest, { version })).version).toBe(version)
    },
  )

  test.each(Object.entries(presets))('when its input is the preset %s, then it is accepted', (_, preset) => {
    expect(
      parse((manifest) => Object.assign(manifest, { input: { name: 'input', ...preset } })),
    ).toBeDefined()
  })
})

describe('the files of a manifest', () => {
  test.each([
    ['../outside', 'leads out of the bundle'],
    ['samples/../../outside', 'leads out of the bundle'],
    ['samples/..', 'leads out of the bundle'],
    ['/etc/passwd', 'is absolute'],
    ['C:/windows', 'is absolute'],
    ['c:windows', 'is absolute'],
    ['samples\\cat.png', 'back slash'],
    ['..\\outside', 'back slash'],
    ['', 'may only hold'],
    ['.', 'may only hold'],
    ['./cat.png', 'may only hold'],
    ['samples//cat.png', 'may only hold'],
    ['samples/', 'may only hold'],
    ['.hidden', 'may only hold'],
    ['samples/.hidden', 'may only hold'],
    ['cat picture.png', 'may only hold'],
    ['cät.png', 'may only hold'],
    ['cat.png\u0000', 'may only hold'],
    ['%2e%2e/outside', 'may only hold'],
    ['~/cat.png', 'may only hold'],
    ['x'.repeat(201), 'is longer than 200'],
    ['model.json', 'is the manifest itself'],
    ['MODEL.JSON', 'is the manifest itself'],
  ])('when a path is %j, then it is refused', (path, why) => {
    expect(pathProblem(path)).toContain(why)
    for (const change of [
      (manifest: Json) => manifest.files.push({ path, bytes: 0, sha256: sha256('') }),
      (manifest: Json) => Object.assign(manifest, { model: path }),
      (manifest: Json) => Object.assign(manifest, { labels: path }),
      (manifest: Json) => manifest.samples.push({ file: path, label: 'shirt' }),
    ]) {
      const { code, message } = failureOf(change)
      expect(code).toBe('invalid')
      expect(message).toContain(why)
    }
  })

  test.each(['model.onnx', 'samples/01-cat.png', 'a/b/c/d', '-x', '_x', 'a..b', 'x.'])(
    'when a path is %s, then it is accepted',
    (path) => {
      expect(pathProblem(path)).toBeUndefined()
    },
  )

  test.each([
    ['twice', 'model.onnx'],
    ['twice but for its case', 'Model.ONNX'],
  ])('when a file is listed %s, then it is invalid', (_, path) => {
    const { message } = failureOf((manifest) => manifest.files.push({ path, bytes: 0, sha256: sha256('') }))
    expect(message).toContain(`lists ${path} twice`)
  })

  test('when there are too many or too few, then it is invalid', () => {
    const file = (path: string) => ({ path, bytes: 0, sha256: sha256('') })
    const many = Array.from({ length: 1001 }, (_, index) => file(`file-${index}`))
    expect(failureOf((manifest) => manifest.files.push(...many)).code).toBe('invalid')
    expect(failureOf((manifest) => manifest.files.splice(1)).code).toBe('invalid')
  })
})

describe('the schema version', () => {
  test.each<[string, (manifest: Json) => void]>([
    ['at the top', (manifest) => Object.assign(manifest, { colour: 'red' })],
    ['of the input', (manifest) => Object.assign(manifest.input, { colour: 'red' })],
    ['of the output', (manifest) => Object.assign(manifest.output, { colour: 'red' })],
    ['of a file', (manifest) => Object.assign(manifest.files[0], { colour: 'red' })],
    ['of the metrics', (manifest) => Object.assign(manifest.metrics, { colour: 'red' })],
    ['of a sample', (manifest) => Object.assign(manifest.samples[0], { colour: 'red' })],
    ['of the resize', (manifest) => Object.assign(manifest.input.resize, { colour: 'red' })],
  ])('when a field %s is unknown, then only a newer minor version may have it', (_, change) => {
    const { code, message } = failureOf(change)
    expect(code).toBe('invalid')
    expect(message).toContain('"colour"')
    const manifest = parse((newer) => {
      change(newer)
      newer.schemaVersion = '1.7'
    })
    expect(manifest.schemaVersion).toBe('1.7')
    expect(JSON.stringify(manifest)).not.toContain('colour')
  })

  test('when a newer minor version breaks a rule, then it is invalid all the same', () => {
    const failure = failureOf((manifest) => {
      manifest.schemaVersion = '1.7'
      manifest.files[0].path = '../outside'
    })
    expect(failure.code).toBe('invalid')
  })

  test.each(['2.0', '10.3', '0.9'])(
    'when its major number is another one (%s), then it is unsupported',
    (version) => {
      const { code, message } = failureOf((manifest) =>
        Object.assign(manifest, { schemaVersion: version, files: 7 }),
      )
      expect(code).toBe('unsupported')
      expect(message).toContain(`schemaVersion ${version}`)
      expect(message).toContain('Update the tools')
    },
  )

  test.each([1, '1', 'one', '1.0.0', undefined])('when it is %p, then the manifest is invalid', (version) => {
    expect(failureOf((manifest) => Object.assign(manifest, { schemaVersion: version })).code).toBe('invalid')
  })
})
