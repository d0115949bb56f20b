import { open } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { BundleError } from './errors.js'
import type { Manifest } from './manifest.js'

/**
 * Which messages of an ONNX file lie in which fields, as far as they lead to a tensor's external data. Numbers:
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
const FIELDS: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  model: { 7: 'graph', 20: 'training', 25: 'function' },
  training: { 1: 'graph', 2: 'graph' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  function: { 7: 'node', 11: 'attribute' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  tensor: { 13: 'entry' },
  entry: { 1: 'key', 2: 'value' },
}

/** Weights are skipped, not read: the window need not hold more than what lies between them. */
const WINDOW_BYTES = 64 << 10
/** No path is longer. */
const MAX_TEXT_BYTES = 64 << 10

/**
 * The files that an ONNX file takes weights from, as it names them. Walks the protobuf by its lengths, so a file of
 * gigabytes costs a few reads. What is no protobuf ends the walk: ONNX Runtime will not load it either.
 */
export async function externalDataOf(path: string): Promise<string[]> {
  const handle = await open(path)
  try {
    const { size } = await handle.stat()
    const locations = new Set<string>()
    const window = Buffer.alloc(WINDOW_BYTES)
    let windowStart = 0
    let windowEnd = 0

    const byteAt = async (at: number): Promise<number> => {
      if (at < windowStart || at >= windowEnd) {
        const { bytesRead } = await handle.read(window, 0, WINDOW_BYTES, at)
        windowStart = at
        windowEnd = at + bytesRead
        if (bytesRead === 0) throw new Malformed()
      }
      return window[at - windowStart] ?? 0
    }
    const varint = async (at: number): Promise<{ value: number; next: number }> => {
      let value = 0
      for (let index = 0; index < 10; index++) {
        const byte = await byteAt(at + index)
        value += (byte & 127) * 2 ** (7 * index)
        if (byte < 128) return { value, next: at + index + 1 }
      }
      throw new Malformed()
    }
    const textOf = async (start: number, end: number) => {
      const data = Buffer.alloc(Math.min(end - start, MAX_TEXT_BYTES))
      await handle.read(data, 0, data.length, start)
      return data.toString()
    }

    const walk = async (kind: string, start: number, end: number): Promise<void> => {
      const texts: Record<string, string> = {}
      for (let at = start; at < end; ) {
        const tag = await varint(at)
        const wire = tag.value % 8
        at = tag.next
        if (wire === 0) at = (await varint(at)).next
        else if (wire === 1) at += 8
        else if (wire === 5) at += 4
        else if (wire === 2) {
          const { value: length, next } = await varint(at)
          at = next + length
          if (at > end) throw new Malformed()
          const child = FIELDS[kind]?.[Math.floor(tag.value / 8)]
          if (child === 'key' || child === 'value') texts[child] = await textOf(next, at)
          else if (child) await walk(child, next, at)
        } else if (wire > 5) throw new Malformed()
        // 3 and 4 begin and end a group, an old form: what is in it is taken for ours, which errs on the safe side.
      }
      if (texts.key === 'location') locations.add(texts.value ?? '')
    }
    await walk('model', 0, size).catch((error) => {
      if (!(error instanceof Malformed)) throw error
    })
    return [...locations]
  } finally {
    await handle.close()
  }
}

class Malformed extends Error {}

/**
 * Every byte of a model must be one that the manifest's hashes cover: weights that the ONNX file takes from another
 * file must be in a file of the bundle.
 * @throws BundleError `integrity`
 */
export async function checkExternalData(folder: string, manifest: Manifest): Promise<void> {
  const listed = new Set(manifest.files.map(({ path }) => path))
  const path = join(folder, manifest.model)
  for (const location of await externalDataOf(path)) {
    const inBundle = posix.join(posix.dirname(manifest.model), location)
    if (!posix.isAbsolute(location) && listed.has(inBundle)) continue
    throw new BundleError(
      'integrity',
      `${path} takes weights from ${JSON.stringify(location)}, which is no file of the bundle, so nothing vouches for ` +
        'it. Put that file into the bundle, or save the model as one file.',
    )
  }
}
