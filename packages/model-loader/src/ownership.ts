import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename } from 'node:path'

/**
 * Names for temporary files and folders that say who made them, so that a later run can tell what a killed one left
 * behind from what a running one still needs: `.<base>~<purpose>~<host>~<pid>~<random>`.
 */

const HOST = hostname().replace(/[^A-Za-z0-9]/g, '_')
/** Names of this process that are in use. */
const inUse = new Set<string>()

/** On another machine (a shared disk) nobody can tell; after this long nothing of the kind is still at work. */
const FORGOTTEN_AFTER_MS = 24 * 3600 * 1000

/** A new name of this process. It counts as in use until `release`. */
export function ownName(base: string, purpose: string): string {
  const name = `.${base}~${purpose}~${HOST}~${process.pid}~${randomBytes(6).toString('hex')}`
  inUse.add(name)
  return name
}

export function release(name: string): void {
  inUse.delete(name)
}

/** Whether `name` is of this base and purpose, whoever made it. */
export function isOwned(name: string, base: string, purpose: string): boolean {
  return name.startsWith(`.${base}~${purpose}~`)
}

/** Whether the process that made it has ended, or can be taken for ended. False also when it is gone already. */
export async function isAbandoned(path: string): Promise<boolean> {
  const name = basename(path)
  const [host, pid] = name.split('~').slice(-3)
  const found = await stat(path).catch(() => undefined)
  if (!found) return false
  if (Date.now() - found.mtimeMs > FORGOTTEN_AFTER_MS) return true
  if (host !== HOST) return false
  return Number(pid) === process.pid ? !inUse.has(name) : !isAlive(Number(pid))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: somebody else's process, but there.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
