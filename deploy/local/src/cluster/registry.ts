import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive } from '@repo/azurite'
import { LaunchError } from '../errors.js'

const PROGRAM = 'docker-registry'
const START_TIMEOUT_MS = 15_000
const STOP_TIMEOUT_MS = 5_000
const POLL_MS = 50

/**
 * Starts Debian's docker-registry as a background process that outlives this one.
 * @param address host:port, over plain http
 * @param folder for its configuration, its log and the images
 * @throws LaunchError when it is not installed or does not come up
 */
export async function startRegistry(address: string, folder: string, signal: AbortSignal): Promise<void> {
  if (await registryAnswers(address)) {
    throw new LaunchError(
      `Something answers at ${address} already.`,
      'If it is the service that Debian installs: systemctl disable --now docker-registry',
    )
  }
  await mkdir(folder, { recursive: true })
  // JSON is YAML too.
  const configuration = {
    version: '0.1',
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'images') }, delete: { enabled: true } },
    http: { addr: address },
  }
  await writeFile(configurationOf(folder), JSON.stringify(configuration, null, 2))
  const log = openSync(join(folder, 'log.txt'), 'a')
  const child = spawn(PROGRAM, ['serve', configurationOf(folder)], {
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  child.unref()
  let failure: string | undefined
  child.once('error', (error) => {
    failure = `${PROGRAM} cannot be started: ${error.message}`
  })
  child.once('exit', () => {
    failure ??= `${PROGRAM} ended: ${readFileSync(join(folder, 'log.txt'), 'utf8').trim().split('\n').at(-1)}`
  })
  if (child.pid !== undefined) await writeFile(pidFile(folder), String(child.pid))
  for (
    const giveUp = Date.now() + START_TIMEOUT_MS;
    !(await registryAnswers(address));
    await sleep(POLL_MS)
  ) {
    signal.throwIfAborted()
    if (failure === undefined && Date.now() > giveUp) failure = `${PROGRAM} does not answer at ${address}`
    if (failure !== undefined) {
      throw new LaunchError(failure, 'apt-get install docker-registry, or deploy/local/install-debian.sh')
    }
  }
}

/** Ends the registry that `startRegistry` left running, if it still does, and removes its folder. */
export async function stopRegistry(folder: string): Promise<void> {
  const pid = Number(readText(pidFile(folder)))
  // After a restart of the machine the id may be anybody's.
  if (readText(`/proc/${pid}/cmdline`).includes(configurationOf(folder))) {
    process.kill(pid, 'SIGTERM')
    const patience = Date.now() + STOP_TIMEOUT_MS
    while (isAlive(pid) && Date.now() < patience) await sleep(POLL_MS)
    if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  }
  await rm(folder, { recursive: true, force: true })
}

/** Does a registry answer there over plain http? */
export async function registryAnswers(address: string): Promise<boolean> {
  return await fetch(`http://${address}/v2/`, { signal: AbortSignal.timeout(2_000) }).then(
    (response) => response.ok,
    () => false,
  )
}

const configurationOf = (folder: string) => join(folder, 'config.yml')
const pidFile = (folder: string) => join(folder, 'pid')

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
