import { join } from 'node:path'
import { type Bundle, BundleError, readBundle } from '@repo/model-bundle'
import {
  catalogue,
  fetchModel,
  type ModelStore,
  type Progress,
  promoteModel,
  publishModel,
  pullModel,
} from '@repo/model-loader'
import { sampleBundles, sampleModelName } from '@repo/sample-model'
import { LaunchError } from './errors.js'
import type { Step } from './output.js'

export interface StepContext {
  step: Step
  signal: AbortSignal
}

/** A model in the store: by version, or whatever `latest` points to. */
export interface Wanted {
  name: string
  version?: string
}

/** @throws LaunchError listing the catalogue when it has no such model */
export function checkCatalogueId(id: string): void {
  const ids = catalogue.map((model) => model.id)
  if (ids.includes(id)) return
  throw new LaunchError(`The catalogue has no model "${id}".`, `Choose one of: ${ids.join(', ')}`)
}

/** Downloads a model of the catalogue into a bundle below the state folder. Returns the bundle's folder. */
export async function fetchCatalogueModel(
  id: string,
  folders: { stateFolder: string; cacheFolder: string },
  { step, signal }: StepContext,
): Promise<string> {
  const target = join(folders.stateFolder, 'fetched', id)
  const { cacheFolder } = folders
  const fetched = await fetchModel(id, { cacheFolder, target, signal, onProgress: show(step) })
  step.done(
    `${fetched.name} ${fetched.version} ${fetched.downloadedBytes > 0 ? 'downloaded to' : 'is in'} ${cacheFolder}`,
  )
  return fetched.folder
}

/**
 * Publishes the sample model's versions that the store lacks. `latest` moves only when the newest one is new here, so
 * what somebody promoted since stays.
 */
export async function publishSamples(store: ModelStore, { step, signal }: StepContext): Promise<void> {
  const versions: string[] = []
  let isNew = false
  for (const folder of sampleBundles) {
    const published = await publishModel(store, folder, { promote: false, signal, onProgress: show(step) })
    versions.push(published.version)
    isNew = !published.alreadyThere
  }
  const newest = versions.at(-1)
  // Without a pointer an earlier run ended between publishing and promoting.
  const hasLatest = (await store.read(`${sampleModelName}/latest.json`, signal)) !== undefined
  if (newest !== undefined && (isNew || !hasLatest))
    await promoteModel(store, sampleModelName, newest, { signal })
  const what = `${sampleModelName} ${versions.join(' and ')}`
  step.done(isNew ? `Published ${what}` : `The store holds ${what} already`)
}

/** Publishes a fetched bundle, and makes it the latest when it is new. */
export async function publishFetched(
  store: ModelStore,
  folder: string,
  { step, signal }: StepContext,
): Promise<Wanted> {
  const { manifest } = await readBundle(folder)
  const { name, version } = manifest
  const hasLatest = (await store.read(`${name}/latest.json`, signal)) !== undefined
  const published = await publishModel(store, folder, { promote: !hasLatest, signal, onProgress: show(step) })
  if (hasLatest && !published.alreadyThere) await promoteModel(store, name, version, { signal })
  step.done(
    published.alreadyThere ? `The store holds ${name} ${version} already` : `Published ${name} ${version}`,
  )
  return { name, version }
}

/** Pulls a model into a folder of its own, so that launchers with different models do not disturb each other. */
export async function pull(
  store: ModelStore,
  { name, version }: Wanted,
  stateFolder: string,
  { step, signal }: StepContext,
): Promise<Bundle> {
  const choice = version === undefined ? {} : { version }
  const target = join(stateFolder, 'model', name)
  const pullAndRead = async () => {
    const pulled = await pullModel(store, name, target, { ...choice, signal, onProgress: show(step) })
    return await readBundle(pulled.folder)
  }
  // Another npm start that pulls the same model may take this folder's place while it is read. It is there then.
  const bundle = await pullAndRead().catch((error) => {
    if (error instanceof BundleError) return pullAndRead()
    throw error
  })
  step.done(`Pulled ${name} ${bundle.manifest.version}, every file's SHA-256 checked`)
  return bundle
}

function show(step: Step): (progress: Progress) => void {
  return ({ doneBytes, totalBytes }) => step.progress(doneBytes, totalBytes)
}
