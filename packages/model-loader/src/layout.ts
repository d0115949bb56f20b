import { MANIFEST_FILE, MODEL_NAME } from '@repo/model-bundle'
import { compareBuild, valid } from 'semver'
import { StoreError } from './errors.js'
import type { ModelStore } from './store.js'

/** Where things lie in a store: `<name>/<version>/<file>` and `<name>/latest.json`. */
export const fileKey = (name: string, version: string, path: string) => `${name}/${version}/${path}`
export const manifestKey = (name: string, version: string) => fileKey(name, version, MANIFEST_FILE)
export const pointerKey = (name: string) => `${name}/latest.json`

/** A version exists when its manifest does. */
export function parseManifestKey(key: string): { name: string; version: string } | undefined {
  const [name, version, file, ...rest] = key.split('/')
  if (file !== MANIFEST_FILE || rest.length > 0) return undefined
  return name && version && MODEL_NAME.test(name) && valid(version) ? { name, version } : undefined
}

/** @throws StoreError `usage` */
export function checkName(name: string): void {
  if (MODEL_NAME.test(name)) return
  throw new StoreError(
    'usage',
    `${JSON.stringify(name)} is not a model's name: 1-63 lower-case letters, digits, "." or "-" are needed.`,
  )
}

/** @throws StoreError `usage` */
export function checkVersion(version: string): void {
  if (valid(version) === version.replace(/\+.*$/, '')) return
  throw new StoreError('usage', `${JSON.stringify(version)} is not a version such as 1.2.0.`)
}

/** Newest first. */
export const newestFirst = (a: string, b: string) => compareBuild(b, a)

/** The error for a model or version that is not there; it tells what is. */
export async function notFound(
  store: ModelStore,
  what: string,
  name: string,
  signal?: AbortSignal,
): Promise<StoreError> {
  const versions: string[] = []
  const names = new Set<string>()
  for await (const { key } of store.list('', signal)) {
    const found = parseManifestKey(key)
    if (!found) continue
    names.add(found.name)
    if (found.name === name) versions.push(found.version)
  }
  const there =
    versions.length > 0
      ? `Its versions there are: ${versions.sort(newestFirst).join(', ')}.`
      : names.size > 0
        ? `The models there are: ${[...names].sort().join(', ')}.`
        : 'The store is empty: publish a model first.'
  return new StoreError('not-found', `${store.url}: ${what}. ${there}`)
}
