import { mkdir, open, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StoreError } from './errors.js'

/** What to do about the file system's usual refusals. */
const NEXT_STEP: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: free some space, then run it again; nothing half-written was left behind.',
  EDQUOT:
    'The disk quota is used up: free some space, then run it again; nothing half-written was left behind.',
  EACCES: 'This user may not write there: choose another folder or change its permissions.',
  EPERM: 'The system does not allow it: choose another folder or change its permissions.',
  EROFS: 'That file system is read-only: choose another folder.',
  EBUSY: 'It is in use, perhaps as a mount point: choose a folder inside it instead.',
  ENOTDIR: 'A part of the path is a file: choose another folder.',
  ENOTSUP: 'This file system lacks hard links, which a folder store needs: choose another one.',
}

/** Node's code such as `ENOENT`, or undefined for another kind of error. */
export function diskCode(error: unknown): string | undefined {
  const failure = error as NodeJS.ErrnoException | undefined
  return failure?.syscall === undefined ? undefined : failure.code
}

/** Runs `body`; what the file system refuses becomes a StoreError `disk`, everything else passes as it is. */
export async function onDisk<T>(doing: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body()
  } catch (error) {
    const code = diskCode(error)
    if (error instanceof StoreError || code === undefined) throw error
    const { message } = error as Error
    throw new StoreError('disk', `${doing} failed: ${message}. ${NEXT_STEP[code] ?? ''}`.trim(), {
      cause: error,
    })
  }
}

/** Makes a folder's entries (new names, renames) survive a power cut. Windows can't and need not do this. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Writes a new file, with its folder, that survives a power cut. */
export async function writeDurably(path: string, data: string | Buffer, mode = 0o666): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, data, { flag: 'wx', mode, flush: true })
}
