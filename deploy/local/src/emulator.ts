import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Azurite, isAlive, startAzurite } from '@repo/azurite'
import { type Claim, makeClaim, releaseClaim, updateClaim } from './claim.js'
import { LaunchError } from './errors.js'
import type { Lifetime } from './lifetime.js'

export interface Emulator {
  /** `azurite://127.0.0.1:<port>` */
  url: string
  /** Another launcher's, which also ends it. */
  shared: boolean
  /** Resolves with a reason when it ends without having been asked to. */
  died: Promise<string>
  stop(): Promise<void>
  /** Ends it and starts it again without its data, which is moved aside. A shared one is left alone. */
  startAfresh(): Promise<Emulator>
}

export interface EmulatorOptions {
  stateFolder: string
  lifetime: Lifetime
  /** Says what the user should know: a wait for another launcher, data that was moved aside. */
  notice(text: string): void
}

const POLL_MS = 50
/** How long an Azurite may take to end after its launcher was killed. It gives itself 8 s. */
const DYING_MS = 12_000
/** How long another launcher may take to get its Azurite up. */
const STARTING_MS = 40_000

/**
 * The emulator on the state folder's data: a living launcher's when there is one, else our own.
 * @throws LaunchError when another launcher's never comes up, Error when ours can't start even without data
 */
export async function openEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { stateFolder, lifetime, notice } = options
  const path = claimPath(stateFolder)
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    lifetime.signal.throwIfAborted()
    const standing = makeClaim(path)
    if (standing === undefined) return await startOwn(options)
    const state = await stateOf(standing)
    if (state === 'running') return sharedEmulator(standing)
    if (state === 'gone' || (state === 'dying' && waitedMs >= DYING_MS)) {
      // Only what answers as Azurite is killed: after a restart of the machine the id may be anybody's.
      if (await answers(standing.port)) process.kill(standing.azuritePid ?? 0, 'SIGKILL')
      releaseClaim(path, standing)
      continue
    }
    if (waitedMs >= STARTING_MS) {
      throw new LaunchError(
        `Another npm start (process ${standing.launcherPid}) holds the local store, but its Azurite does not answer.`,
        `End that process, or delete ${path} if it is something else`,
      )
    }
    if (waitedMs === 0) {
      notice(state === 'dying' ? 'Waiting for an earlier Azurite to end' : 'Waiting for another npm start')
    }
    await sleep(POLL_MS, undefined, { signal: lifetime.signal })
  }
}

function claimPath(stateFolder: string): string {
  return join(stateFolder, 'azurite.json')
}

function sharedEmulator({ port }: Claim): Emulator {
  const emulator: Emulator = {
    url: `azurite://127.0.0.1:${port}`,
    shared: true,
    died: new Promise(() => {}),
    stop: async () => {},
    startAfresh: async () => emulator,
  }
  return emulator
}

/** Starts Azurite under our claim, and once more without data when it refuses what it finds. */
async function startOwn(options: EmulatorOptions): Promise<Emulator> {
  const { stateFolder, lifetime, notice } = options
  const path = claimPath(stateFolder)
  const folder = join(stateFolder, 'azurite')
  try {
    const azurite = await startClaimed(options, folder).catch(async (error) => {
      if (lifetime.signal.aborted || !(await hasContent(folder))) throw error
      notice(`Azurite cannot start from its data, which is now in ${await setAside(folder)}`)
      return await startClaimed(options, folder)
    })
    return {
      url: azurite.url,
      shared: false,
      died: azurite.died,
      async stop() {
        await azurite.stop()
        releaseClaim(path, { launcherPid: process.pid })
      },
      async startAfresh() {
        await azurite.stop()
        updateClaim(path, { launcherPid: process.pid })
        notice(`The local store's data is damaged; it is now in ${await setAside(folder)}`)
        return await startOwn(options)
      },
    }
  } catch (error) {
    releaseClaim(path, { launcherPid: process.pid })
    throw error
  }
}

async function startClaimed({ stateFolder, lifetime }: EmulatorOptions, folder: string): Promise<Azurite> {
  const path = claimPath(stateFolder)
  const claim: Claim = { launcherPid: process.pid }
  await mkdir(folder, { recursive: true })
  const azurite = await startAzurite({
    folder,
    signal: lifetime.signal,
    onSpawn(pid) {
      lifetime.track(pid)
      claim.azuritePid = pid
      updateClaim(path, claim)
    },
  })
  updateClaim(path, { ...claim, port: azurite.port })
  return azurite
}

async function hasContent(folder: string): Promise<boolean> {
  return (await readdir(folder).catch(() => [])).length > 0
}

/** Moves damaged data away; an earlier such copy is dropped. */
async function setAside(folder: string): Promise<string> {
  const aside = `${folder}-damaged`
  await rm(aside, { recursive: true, force: true })
  await rename(folder, aside)
  return aside
}

/**
 * - `running`: its launcher lives and it answers
 * - `starting`: its launcher lives, but it does not answer yet
 * - `dying`: its launcher is dead, but the process is still there
 * - `gone`: nobody uses the data
 */
async function stateOf({ launcherPid, azuritePid, port }: Claim) {
  const launcherLives = isAlive(launcherPid)
  if (azuritePid === undefined) return launcherLives ? 'starting' : 'gone'
  if (!isAlive(azuritePid)) return 'gone'
  if (!launcherLives) return 'dying'
  return (await answers(port)) ? 'running' : 'starting'
}

async function answers(port: number | undefined): Promise<boolean> {
  if (port === undefined) return false
  try {
    const url = `http://127.0.0.1:${port}/devstoreaccount1?comp=list`
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    return response.headers.get('server')?.startsWith('Azurite') ?? false
  } catch {
    return false
  }
}
