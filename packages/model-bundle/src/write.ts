import { lstat, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256File } from './hash.js'
import { type Manifest, parseManifest } from './manifest.js'
import { MANIFEST_FILE } from './paths.js'

/**
 * Writes `model.json` into `folder`, listing every file that lies there now (hidden ones left out) with size and hash.
 * @throws BundleError `invalid` when the result would not be a valid manifest; nothing is written then
 */
export async function writeManifest(folder: string, description: Omit<Manifest, 'files'>): Promise<Manifest> {
  const files = []
  for (const path of await listFiles(folder)) {
    files.push({ path, ...(await sha256File(join(folder, path))) })
  }
  // The order people read in: who it is, what it holds, how to feed it.
  const { schemaVersion, name, version, task, description: text, ...rest } = description
  const about = text === undefined ? {} : { description: text }
  const content = `${JSON.stringify({ schemaVersion, name, version, task, ...about, files, ...rest }, null, 2)}\n`
  const manifest = parseManifest(content, join(folder, MANIFEST_FILE))
  await writeFile(join(folder, MANIFEST_FILE), content)
  return manifest
}

/** Relative paths with `/`, sorted, so that equal folders give equal manifests. */
async function listFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true })
  const paths: string[] = []
  for (const name of names) {
    const path = name.replaceAll('\\', '/')
    if (path === MANIFEST_FILE || path.split('/').some((part) => part.startsWith('.'))) continue
    if ((await lstat(join(folder, name))).isFile()) paths.push(path)
  }
  return paths.sort()
}
