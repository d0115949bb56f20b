import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { diskCode, onDisk, syncFolder } from './disk.js'
import { StoreError } from './errors.js'
import { downloadTo } from './http-download.js'
import { isAbandoned, isOwned, ownName, release } from './ownership.js'

/** How to tell that a file is the right one. */
export interface Check {
  /** Its size where that is known. */
  bytes?: number
  /** What is wrong with this file: what was expected and found. Undefined when it is right. */
  problem(path: string): Promise<string | undefined>
}

export interface CachedFile {
  cacheFolder: string
  baseUrl: string
  /** Below `baseUrl`; its last part is the file's name in the cache. */
  path: string
  check: Check
  /** How many bytes of it are here. */
  onSize(file: string, bytes: number): void
  signal: AbortSignal
}

/**
 * A file of the cache, downloaded if it is not there yet. A file that lies there with the right content is used as it
 * is, so a machine without a network can be seeded by copying files, and nothing is written then.
 * @throws StoreError; what was downloaded until then is kept for the next try
 */
export async function cachedFile(file: CachedFile): Promise<{ path: string; downloadedBytes: number }> {
  const { cacheFolder, baseUrl, check, signal } = file
  const name = basename(file.path)
  const path = join(cacheFolder, name)
  const problem = await problemOf(path, check)
  if (problem === undefined) {
    file.onSize(name, await sizeOf(path))
    return { path, downloadedBytes: 0 }
  }

  const url = urlOf(file.path, baseUrl)
  const nextStep =
    `Run it again when the network is there (what has come is kept), or put the file at ${path} yourself` +
    `${problem === 'missing' ? '' : `; the one there now is not it: ${problem}`}.`
  const own = ownName(name, 'part')
  const part = join(cacheFolder, own)
  try {
    return await onDisk(`Downloading ${url} to ${cacheFolder}`, async () => {
      await mkdir(cacheFolder, { recursive: true })
      await adoptPart(cacheFolder, name, part)
      const onSize = (bytes: number) => file.onSize(name, bytes)
      const downloadedBytes = await downloadTo({ url, part, check, nextStep, onSize, signal })
      await rename(part, path)
      await syncFolder(cacheFolder)
      return { path, downloadedBytes }
    })
  } finally {
    release(own)
    if ((await sizeOf(part)) === 0) await rm(part, { force: true }).catch(() => {})
  }
}

/** Goes on with what a run that has ended left behind; renaming makes sure that only one process does. */
async function adoptPart(folder: string, name: string, part: string): Promise<void> {
  for (const found of await readdir(folder)) {
    const path = join(folder, found)
    if (!isOwned(found, name, 'part') || !(await isAbandoned(path))) continue
    const isAdopted = await rename(path, part).then(
      () => true,
      () => false,
    )
    if (isAdopted) return
  }
}

async function problemOf(path: string, check: Check): Promise<string | undefined> {
  try {
    const { size } = await stat(path)
    if (check.bytes !== undefined && size !== check.bytes)
      return `expected ${check.bytes} bytes, found ${size}`
    return await check.problem(path)
  } catch (error) {
    const code = diskCode(error)
    if (code === undefined) throw error
    return code === 'ENOENT' ? 'missing' : (error as Error).message
  }
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  )

function urlOf(path: string, baseUrl: string): string {
  const base = baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`
  if (/^https?:/.test(base) && URL.canParse(path, base)) return new URL(path, base).href
  throw new StoreError('usage', `${baseUrl} is not an address to download from: an https URL is needed.`)
}
