import { sha256 } from '@repo/model-bundle'
import { checkName, checkVersion, manifestKey, notFound } from './layout.js'
import { movePointer } from './pointer.js'
import type { ModelStore } from './store.js'

/**
 * Makes a published version the latest one; an older one too, which is how a release is taken back.
 * @param options.by who does it, for the history; default: whoever runs this
 * @returns also the version that was latest before, undefined when there was none
 */
export async function promoteModel(
  store: ModelStore,
  name: string,
  version: string,
  options: { by?: string; signal?: AbortSignal } = {},
): Promise<{ name: string; version: string; previous: string | undefined }> {
  checkName(name)
  checkVersion(version)
  const { signal } = options
  const manifest = await store.read(manifestKey(name, version), signal)
  if (!manifest) throw await notFound(store, `there is no ${name} ${version}`, name, signal)
  const to = { version, manifestSha256: sha256(manifest.data) }
  const previous = await movePointer(store, name, to, options)
  return { name, version, previous }
}
