import { lstat, mkdir, readdir, realpath, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { MANIFEST_FILE } from '@repo/model-bundle'
import { diskCode, syncFolder } from './disk.js'
import { StoreError } from './errors.js'
import { isAbandoned, isOwned, ownName, release } from './ownership.js'

/** Pulls into the same folder at the same time may take each other's folder away this often. */
const MAX_SWAPS = 100

/** In a folder that is being filled: what has been downloaded, by its SHA-256. The next try goes on from there. */
export const PARTIAL_FOLDER = '.partial'

/**
 * A new folder takes the place of an old one by two renames: old one aside, new one in. No file system call does
 * both, so a process that is killed between them leaves the old folder under its temporary name; whoever comes next
 * puts it back.
 * @param make fills the new folder; it may find the partial downloads of one that failed or was killed
 * @param isWorthKeeping whether after this failure the partial downloads are left for the next try
 * @returns what `make` returned
 */
export async function replaceFolder<T>(
  target: string,
  make: (temporary: string) => Promise<T>,
  isWorthKeeping: (error: unknown) => boolean = () => false,
): Promise<T> {
  const parent = dirname(target)
  const name = ownName(basename(target), 'new')
  const temporary = join(parent, name)
  let keep = false
  try {
    await mkdir(temporary, { recursive: true })
    await adoptPartial(target, temporary)
    const made = await make(temporary)
    await syncFolder(temporary)
    await swapIn(temporary, target)
    await syncFolder(parent)
    return made
  } catch (error) {
    keep = isWorthKeeping(error)
    throw error
  } finally {
    if (!keep) await rm(temporary, { recursive: true, force: true })
    release(name)
  }
}

/** Takes over what an abandoned try has downloaded; of several who want it, the rename lets one have it. */
async function adoptPartial(target: string, temporary: string): Promise<void> {
  const parent = dirname(target)
  for (const name of await namesIn(parent)) {
    const path = join(parent, name)
    if (!isOwned(name, basename(target), 'new') || !(await isAbandoned(path))) continue
    await rename(join(path, PARTIAL_FOLDER), join(temporary, PARTIAL_FOLDER)).catch(() => {})
    await rm(path, { recursive: true, force: true })
  }
}

async function swapIn(temporary: string, target: string): Promise<void> {
  const name = ownName(basename(target), 'old')
  const old = join(dirname(target), name)
  try {
    for (let swap = 1; ; swap++) {
      const aside = await renamed(target, old)
      try {
        await rename(temporary, target)
        break
      } catch (error) {
        const taken = ['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(diskCode(error) ?? '')
        if (!taken || swap === MAX_SWAPS) {
          // Should this fail too, the next pull finds it under its temporary name.
          if (aside) await rename(old, target).catch(() => {})
          throw error
        }
        // Another pull was quicker: its folder goes aside in turn.
        await rm(old, { recursive: true, force: true })
      }
    }
    await rm(old, { recursive: true, force: true })
  } finally {
    release(name)
  }
}

/** False when there was nothing to rename. */
async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    if (diskCode(error) === 'ENOENT') return false
    throw error
  }
}

/**
 * Makes `target` ready to be replaced: puts back what a killed process had set aside, and removes what killed processes
 * left.
 * @param keepPartial leave partial downloads to `replaceFolder`
 * @returns the absolute path to work with; a link is followed
 * @throws StoreError `usage` when something is there that is not a model folder
 */
export async function prepareTarget(
  target: string,
  { keepPartial = false }: { keepPartial?: boolean } = {},
): Promise<string> {
  const folder = await realpath(target).catch(() => resolve(target))
  const parent = dirname(folder)
  const base = basename(folder)
  if (base === '') throw notAModel(folder)
  let there = await isThere(folder)
  const leftovers: string[] = []
  for (const name of await namesIn(parent)) {
    const path = join(parent, name)
    const isOld = isOwned(name, base, 'old')
    if (!isOld && !isOwned(name, base, 'new')) continue
    if (!(await isAbandoned(path))) continue
    // When it fails, another process was quicker to put one back.
    if (isOld && !there) there = await renamed(path, folder).catch(() => true)
    else if (isOld || !keepPartial) leftovers.push(path)
  }
  for (const path of leftovers) await rm(path, { recursive: true, force: true })

  if (!there) return folder
  const stat = await lstat(folder)
  const names = stat.isDirectory() ? await readdir(folder) : undefined
  // What is there will be deleted, so it had better be a model.
  if (!names || (names.length > 0 && !names.includes(MANIFEST_FILE))) throw notAModel(folder)
  return folder
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error) => {
    if (diskCode(error) === 'ENOENT') return []
    throw error
  })
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

function notAModel(folder: string): StoreError {
  return new StoreError(
    'usage',
    `${folder} is not a model folder, so it will not be replaced: choose another folder.`,
  )
}
