import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

// Synchronous throughout: a launcher may be killed between any two steps, so there should be few and close ones.

/** Who runs the emulator on a data folder, so that never two do. */
export interface Claim {
  launcherPid: number
  /** Missing until the process exists. */
  azuritePid?: number
  /** Missing until it listens. */
  port?: number
}

/**
 * Claims the emulator for this process, atomically.
 * @returns undefined when it is ours now, or the claim that stands
 */
export function makeClaim(path: string): Claim | undefined {
  mkdirSync(dirname(path), { recursive: true })
  const draft = writeDraft(path, { launcherPid: process.pid })
  try {
    // Unlike opening with 'wx', the name appears together with its content.
    linkSync(draft, path)
    return undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return readClaim(path) ?? makeClaim(path)
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Replaces our own claim by what is known now. */
export function updateClaim(path: string, claim: Claim): void {
  renameSync(writeDraft(path, claim), path)
}

/**
 * Removes a claim, ours or a dead launcher's. One that another launcher has put in its place meanwhile stays.
 */
export function releaseClaim(path: string, { launcherPid }: Claim): void {
  const aside = `${path}.${process.pid}.old`
  try {
    renameSync(path, aside)
    if (readClaim(aside)?.launcherPid !== launcherPid) linkSync(aside, path)
  } catch {
    // Somebody was faster.
  }
  rmSync(aside, { force: true })
}

function writeDraft(path: string, claim: Claim): string {
  const draft = `${path}.${process.pid}.new`
  writeFileSync(draft, `${JSON.stringify(claim)}\n`)
  return draft
}

function readClaim(path: string): Claim | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Claim
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    // Unreadable, such as after a power cut: nobody's.
    return { launcherPid: 0 }
  }
}
