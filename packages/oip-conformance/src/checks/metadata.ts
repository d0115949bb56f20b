import { isDeepStrictEqual } from 'node:util'
import type { Check } from '../check.js'
import { tensors } from '../context.js'
import { asText, expect, expectOk } from '../expect.js'

const isText = (value: unknown) => typeof value === 'string' && value !== ''

export const metadataChecks: Check[] = [
  {
    name: 'server metadata tell name, version and extensions',
    expected: 'GET /v2: 200 {"name": text, "version": text, "extensions": [text, ...]}',
    async run({ send }) {
      const { name, version, extensions } = expectOk(await send('/v2'))
      expect(isText(name), `name ${asText(name)}`)
      expect(isText(version), `version ${asText(version)}`)
      expect(Array.isArray(extensions) && extensions.every(isText), `extensions ${asText(extensions)}`)
    },
  },
  {
    name: 'server metadata answer with a slash at the end, too',
    expected: 'GET /v2/: 200 and the same as GET /v2',
    why: "The specification's text says v2, its OpenAPI file /v2/; clients use both.",
    async run({ send }) {
      const [plain, slash] = [expectOk(await send('/v2')), expectOk(await send('/v2/'))]
      expect(isDeepStrictEqual(plain, slash), asText(slash))
    },
  },
  {
    name: 'model metadata carry the name of the model',
    expected: 'GET /v2/models/{m}: 200 and "name": "{m}"',
    async run({ send, path, modelName }) {
      const { name } = expectOk(await send(path()))
      expect(name === modelName, `name ${asText(name)}`)
    },
  },
  {
    name: 'model metadata list the versions as texts',
    expected: '"versions": [text, ...], at least one',
    why: 'Optional in the specification for servers without versions; needed here, where every path exists with a version.',
    async run({ send, path }) {
      const { versions } = expectOk(await send(path()))
      expect(
        Array.isArray(versions) && versions.length > 0 && versions.every(isText),
        `versions ${asText(versions)}`,
      )
    },
  },
  {
    name: 'model metadata name the platform',
    expected: '"platform": "onnx_onnxv1"',
    async run({ send, path }) {
      const { platform } = expectOk(await send(path()))
      expect(platform === 'onnx_onnxv1', `platform ${asText(platform)}`)
    },
  },
  {
    name: 'model metadata describe the inputs',
    expected: '"inputs": [{"name", "datatype", "shape"}, ...] with -1 for free dimensions',
    async run({ send, path }) {
      tensors(expectOk(await send(path())).inputs, 'inputs')
    },
  },
  {
    name: 'model metadata describe the outputs',
    expected: '"outputs": [{"name", "datatype", "shape"}, ...] with -1 for free dimensions',
    async run({ send, path }) {
      tensors(expectOk(await send(path())).outputs, 'outputs')
    },
  },
  {
    name: 'model metadata at the path of the version are the same',
    expected: 'GET /v2/models/{m}/versions/{v}: 200 and the same as without the version',
    async run({ send, path, version }) {
      const plain = expectOk(await send(path()))
      const versioned = expectOk(await send(path({ version: await version() })))
      expect(isDeepStrictEqual(plain, versioned), asText(versioned))
    },
  },
]
