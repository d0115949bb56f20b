import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BundleError } from './errors.js'
import { sha256, sha256File } from './hash.js'
import { parseLabels } from './labels.js'
import { type Manifest, parseManifest } from './manifest.js'
import { checkExternalData } from './onnx-external.js'
import { MANIFEST_FILE } from './paths.js'

/** A model folder whose manifest and labels have been read. Its files' hashes are checked by `verifyBundle` only. */
export interface Bundle {
  folder: string
  manifest: Manifest
  /** SHA-256 of model.json's bytes: the identity of the whole bundle, since it holds every file's hash. */
  manifestSha256: string
  /** In class order. */
  labels: string[]
}

/**
 * Reads manifest and labels.
 * @throws BundleError `missing`, `invalid` or `unsupported`
 */
export async function readBundle(folder: string): Promise<Bundle> {
  const path = join(folder, MANIFEST_FILE)
  const bytes = await read(path, `${folder} is not a model bundle: it has no readable ${MANIFEST_FILE}.`)
  const manifest = parseManifest(bytes.toString(), path)
  const labelsPath = join(folder, manifest.labels)
  const labelsText = (await read(labelsPath, `${labelsPath} cannot be read.`)).toString()
  const labels = parseLabels(labelsText, labelsPath)
  for (const { file, label } of manifest.samples) {
    if (labels.includes(label)) continue
    throw new BundleError(
      'invalid',
      `${path}: the sample ${file} has the label "${label}", which ${labelsPath} lacks.`,
    )
  }
  return { folder, manifest, manifestSha256: sha256(bytes), labels }
}

/**
 * Reads the bundle and checks every file's kind, size and SHA-256, and that the ONNX file needs no others.
 * @throws BundleError; `integrity` when a file differs from the manifest or is a link
 */
export async function verifyBundle(folder: string): Promise<Bundle> {
  const bundle = await readBundle(folder)
  for (const file of bundle.manifest.files) {
    await checkNoLinks(folder, file.path)
    const found = await sha256File(join(folder, file.path))
    if (found.bytes !== file.bytes || found.sha256 !== file.sha256) {
      throw new BundleError(
        'integrity',
        `${join(folder, file.path)} is not the file that ${MANIFEST_FILE} describes: expected ${file.bytes} bytes ` +
          `with SHA-256 ${file.sha256}, found ${found.bytes} bytes with SHA-256 ${found.sha256}. Pull the model again, ` +
          'or publish what you have as a new version.',
      )
    }
  }
  await checkExternalData(folder, bundle.manifest)
  return bundle
}

/** A link could point anywhere on this machine, so neither a file nor a folder above it inside the bundle may be one. */
async function checkNoLinks(folder: string, path: string): Promise<void> {
  const parts = path.split('/')
  for (let depth = 1; depth <= parts.length; depth++) {
    const at = join(folder, ...parts.slice(0, depth))
    const stat = await lstat(at).catch((cause) => {
      throw new BundleError('missing', `${at} is listed in ${MANIFEST_FILE} but is not there.`, { cause })
    })
    const isLeaf = depth === parts.length
    if (isLeaf ? stat.isFile() : stat.isDirectory()) continue
    const kind = stat.isSymbolicLink() ? 'a symbolic link' : `not a ${isLeaf ? 'regular file' : 'folder'}`
    throw new BundleError(
      'integrity',
      `${at} is ${kind}; a bundle holds plain files only. Copy the file itself here.`,
    )
  }
}

async function read(path: string, message: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new BundleError('missing', `${message} (${(cause as Error).message})`, { cause })
  }
}
