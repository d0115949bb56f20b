import { lstat, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Manifest, readBundle, verifyBundle } from '@repo/model-bundle'
import { z } from 'zod'
import { parseJson } from './json.js'
import { ownName, release } from './ownership.js'

/**
 * A pull that finds nothing new must not read a gigabyte to say so. So a pull notes the state of each file whose hash
 * it has checked, as git does: inode, size, and the times of the last change of content and of the file itself. The
 * last, ctime, nobody can set back. This finds every accident; who may write here could write any note as well.
 */
const NOTES_FILE = '.verified.json'

/** Longer than the grain of a file system's clock: a change after this has another time than the one noted. */
const CLOCK_GRAIN_MS = 20

const stateSchema = z.object({ inode: z.string(), bytes: z.string(), mtime: z.string(), ctime: z.string() })
const notesSchema = z.object({ manifestSha256: z.string(), files: z.record(z.string(), stateSchema) })

/** By path in the bundle. */
export type FileStates = z.infer<typeof notesSchema>['files']

/** The present state of the manifest's files. */
export async function fileStates(folder: string, manifest: Manifest): Promise<FileStates> {
  const entries = manifest.files.map(async ({ path }) => {
    const { dev, ino, size, mtimeNs, ctimeNs } = await lstat(join(folder, path), { bigint: true })
    const state = { inode: `${dev}-${ino}`, bytes: `${size}`, mtime: `${mtimeNs}`, ctime: `${ctimeNs}` }
    return [path, state] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}

/**
 * Notes the files' states, unless one has changed since its hash was checked.
 * @param checked their states when they were checked; renames and links since then have changed only ctimes
 */
export async function noteStates(
  folder: string,
  manifest: Manifest,
  manifestSha256: string,
  checked: FileStates,
): Promise<void> {
  const name = ownName('notes', 'new')
  const temporary = join(folder, name)
  try {
    await sleep(CLOCK_GRAIN_MS)
    const files = await fileStates(folder, manifest)
    if (!isSame(files, checked, false)) return
    // A clock that ticks in seconds, as some network shares have, is too coarse to tell changes by.
    if (Object.values(files).every(({ ctime }) => ctime.endsWith('000000000'))) return
    await writeFile(temporary, JSON.stringify({ manifestSha256, files }))
    await rename(temporary, join(folder, NOTES_FILE))
  } catch {
    // Another pull took the folder away, or it is read-only: then the next pull reads the files.
    await rm(temporary, { force: true }).catch(() => {})
  } finally {
    release(name)
  }
}

/** Whether the folder holds the model with this manifest, every byte of it. */
export async function isIntact(
  folder: string,
  manifestSha256: string,
  { verify = false }: { verify?: boolean },
): Promise<boolean> {
  try {
    // The cheap look first: another version's files need no hashing.
    const bundle = await readBundle(folder)
    if (bundle.manifestSha256 !== manifestSha256) return false
    const before = await fileStates(folder, bundle.manifest)
    if (!verify && (await isNoted(folder, manifestSha256, before))) return true
    if ((await verifyBundle(folder)).manifestSha256 !== manifestSha256) return false
    await noteStates(folder, bundle.manifest, manifestSha256, before)
    return true
  } catch {
    return false
  }
}

async function isNoted(folder: string, manifestSha256: string, now: FileStates): Promise<boolean> {
  const text = await readFile(join(folder, NOTES_FILE), 'utf8').catch(() => '')
  const notes = notesSchema.safeParse(parseJson(text)).data
  return notes?.manifestSha256 === manifestSha256 && isSame(notes.files, now, true)
}

function isSame(a: FileStates, b: FileStates, withCtime: boolean): boolean {
  const key = ({ inode, bytes, mtime, ctime }: FileStates[string]) =>
    [inode, bytes, mtime, withCtime ? ctime : ''].join()
  const paths = Object.keys(b)
  return (
    paths.length === Object.keys(a).length &&
    paths.every((path) => a[path] && b[path] && key(a[path]) === key(b[path]))
  )
}
