import { setMaxListeners } from 'node:events'
import { chmod, constants, copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readBundle, verifyBundle, writeManifest } from '@repo/model-bundle'
import { type Check, cachedFile } from './cache.js'
import {
  CATALOGUE_CLASSES,
  CATALOGUE_URL,
  type CatalogueLabels,
  type CatalogueModel,
  catalogue,
  catalogueManifest,
} from './catalogue.js'
import { onDisk } from './disk.js'
import { StoreError } from './errors.js'
import { parseJson } from './json.js'
import { type OnProgress, ProgressMeter } from './progress.js'
import { prepareTarget, replaceFolder } from './replace-folder.js'

export interface FetchOptions {
  /** Where downloads are kept under the zoo's own file names. Files that lie there are used; it may be read-only then. */
  cacheFolder: string
  /** The bundle folder to make. */
  target: string
  /** Default: where the ONNX model zoo is. */
  baseUrl?: string
  onProgress?: OnProgress
  signal?: AbortSignal
}

export interface FetchedModel {
  /** Absolute path of the bundle. */
  folder: string
  name: string
  version: string
  downloadedBytes: number
}

/**
 * Makes a model of the catalogue a complete bundle, ready to be published.
 * @throws StoreError `not-found` for an unknown id; otherwise with the next step
 */
export async function fetchModel(id: string, options: FetchOptions): Promise<FetchedModel> {
  const model = catalogue.find((entry) => entry.id === id)
  if (!model) {
    const ids = catalogue.map((entry) => entry.id).join(', ')
    throw new StoreError('not-found', `The catalogue has no model ${JSON.stringify(id)}. It has: ${ids}.`)
  }
  const { cacheFolder, target, baseUrl = CATALOGUE_URL, onProgress } = options
  const signal = options.signal ?? new AbortController().signal
  setMaxListeners(0, signal)
  const { name, version } = catalogueManifest(model)

  return onDisk(`Fetching ${id} into ${target}`, async () => {
    const folder = await prepareTarget(target)
    if (await isMade(folder, model)) return { folder, name, version, downloadedBytes: 0 }
    const meter = new ProgressMeter('download', model.bytes + (model.labels.expected?.bytes ?? 0), onProgress)
    const onBytes = (file: string, bytes: number) => meter.add(file, bytes)
    const cached = { cacheFolder, baseUrl, onBytes, signal }
    const onnx = await cachedFile({ ...cached, path: model.path, check: model })
    const check = checkOfLabels(model.labels)
    const labels = await cachedFile({ ...cached, path: model.labels.path, check })
    await replaceFolder(folder, async (temporary) => {
      await copyPlain(onnx.path, join(temporary, 'model.onnx'))
      await writeFile(join(temporary, 'labels.txt'), await readLabels(labels.path, model.labels))
      const { files } = await writeManifest(temporary, catalogueManifest(model))
      if (!files.some(({ sha256 }) => sha256 === model.sha256)) throw changed(onnx.path)
      signal.throwIfAborted()
    })
    return { folder, name, version, downloadedBytes: onnx.downloadedBytes + labels.downloadedBytes }
  })
}

/** Whether the folder is this model's bundle already, intact and as this catalogue would make it. */
async function isMade(folder: string, model: CatalogueModel): Promise<boolean> {
  try {
    const { files, ...manifest } = (await readBundle(folder)).manifest
    if (!sameJson(manifest, catalogueManifest(model))) return false
    if (!files.some(({ sha256 }) => sha256 === model.sha256)) return false
    await verifyBundle(folder)
    return true
  } catch {
    return false
  }
}

/** A copy of its own with ordinary permissions: the cache may be somebody else's and read-only. */
async function copyPlain(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE)
  await chmod(to, 0o644)
}

/** The hash of the map of labels was never published: what counts is that it has every class. */
const checkOfLabels = ({ expected }: CatalogueLabels): Check =>
  expected ?? {
    expected: `a JSON object with a label for each class from "0" to "${CATALOGUE_CLASSES - 1}"`,
    accepts: (text) => labelsOfMap(text) !== undefined,
  }

/** The zoo's labels as a bundle has them: one a line. */
async function readLabels(path: string, { format }: CatalogueLabels): Promise<string> {
  const text = await readFile(path, 'utf8')
  const labels = format === 'json-map' ? labelsOfMap(text) : undefined
  return labels ? `${labels.join('\n')}\n` : text
}

/** Undefined when the text is not a complete map from class number to label. */
function labelsOfMap(text: string): string[] | undefined {
  const map = parseJson(text)
  if (typeof map !== 'object' || map === null || Object.keys(map).length !== CATALOGUE_CLASSES)
    return undefined
  const labels: string[] = []
  for (let index = 0; index < CATALOGUE_CLASSES; index++) {
    const label: unknown = (map as Record<string, unknown>)[index]
    if (typeof label !== 'string' || !label.trim() || /[\r\n]/.test(label)) return undefined
    labels.push(label.trim())
  }
  return labels
}

/** Compared without regard to the order of keys. */
function sameJson(a: unknown, b: unknown): boolean {
  const sorted = (_key: string, value: unknown) =>
    value && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([one], [two]) => (one < two ? -1 : 1)))
      : value
  return JSON.stringify(a, sorted) === JSON.stringify(b, sorted)
}

function changed(path: string): StoreError {
  return new StoreError('integrity', `${path} changed while it was being copied. Fetch the model again.`)
}
