import type { Client } from './client.js'
import { Unmet } from './errors.js'
import { asText, expectOk, isObject } from './expect.js'
import { DATATYPES, type Tensor } from './tensors.js'

/** What the suite knows of the model: read from its metadata. */
export interface Model {
  inputs: [Tensor, ...Tensor[]]
  outputs: Tensor[]
  /** What a free dimension of the inputs other than the first is set to. */
  freeSize: number
}

export interface Context {
  send: Client
  modelName: string
  /** Two different images; the first is the caller's, if one was given. */
  images: [Buffer, Buffer]
  /** The server's limit for a body; undefined when it is not known. */
  maxBodyBytes: number | undefined
  freeSize: number
  /** The path of the model, or of another model or version, to which `/ready` and `/infer` can be added. */
  path(place?: { model?: string; version?: string }): string
  /** @throws Unmet when the metadata don't tell what a request needs; read once */
  model(): Promise<Model>
  /** The first version that the metadata list. @throws Unmet */
  version(): Promise<string>
}

export function createContext(
  given: Pick<Context, 'send' | 'modelName' | 'images' | 'maxBodyBytes' | 'freeSize'>,
): Context {
  const path: Context['path'] = ({ model = given.modelName, version } = {}) =>
    `/v2/models/${encodeURIComponent(model)}${version === undefined ? '' : `/versions/${encodeURIComponent(version)}`}`

  let read: Promise<Record<string, unknown>> | undefined
  const metadata = () => {
    read ??= given.send(path()).then(expectOk)
    return read
  }
  return {
    ...given,
    path,
    async model() {
      const { inputs, outputs } = await metadata()
      return {
        inputs: tensors(inputs, 'inputs'),
        outputs: tensors(outputs, 'outputs'),
        freeSize: given.freeSize,
      }
    },
    async version() {
      const { versions } = await metadata()
      const version: unknown = Array.isArray(versions) ? versions[0] : undefined
      if (typeof version !== 'string') throw new Unmet('the metadata list no version')
      return version
    },
  }
}

/** @throws Unmet unless the value is a list of tensor descriptions */
export function tensors(value: unknown, what: string): [Tensor, ...Tensor[]] {
  const list: unknown[] = Array.isArray(value) ? value : []
  const [first, ...rest] = list.filter(isTensor)
  if (!first || rest.length + 1 !== list.length)
    throw new Unmet(`the metadata's ${what} are ${asText(value)}`.slice(0, 200))
  return [first, ...rest]
}

function isTensor(value: unknown): value is Tensor {
  if (!isObject(value)) return false
  const { name, datatype, shape } = value
  return (
    typeof name === 'string' &&
    name !== '' &&
    DATATYPES.includes(String(datatype)) &&
    Array.isArray(shape) &&
    shape.every((size) => Number.isInteger(size) && (size === -1 || size > 0))
  )
}
