import { spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { imageTest } from './env.js'

const { image, engine: program, globalFlags, runFlags } = imageTest
const START_TIMEOUT_MS = 60_000

/**
 * Runs docker or podman.
 * @param {string[]} command
 * @returns {string} what it wrote
 * @throws Error with its own words when it fails
 */
export function engine(...command) {
  const global = program === 'podman' ? globalFlags : []
  const { status, stdout, stderr, error } = spawnSync(program, [...global, ...command], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  if (status !== 0) throw new Error(`${program} ${command[0]}: ${error?.message ?? stderr}`)
  return stdout.trim()
}

/** The image in a container with as few rights as it can do with. */
export class Container {
  #id
  /** @param {string} id @param {string} url @param {string[]} limits that it was given */
  constructor(id, url, limits) {
    this.#id = id
    this.url = url
    this.limits = limits
  }

  /**
   * Returns when the app is ready.
   * @param {string[]} limits options that limit its resources; left out where this machine can't
   * @throws Error with its log when it does not become ready
   */
  static async start(limits) {
    const port = await freePort()
    const flags = program === 'podman' ? runFlags : []
    // With the host's network, where there is no other, the app itself has to take the free port.
    const network = flags.includes('--network=host')
      ? ['--env', `PORT=${port}`]
      : ['--publish', `127.0.0.1:${port}:8080`]
    const rights = [
      '--read-only',
      '--tmpfs',
      '/tmp',
      '--cap-drop',
      'ALL',
      '--security-opt',
      'no-new-privileges',
    ]
    // Long enough for a slow machine to see that the app is no longer ready while it still takes requests.
    const command = ['--detach', ...flags, ...network, ...rights, '--env', 'SHUTDOWN_DELAY_MS=5000']
    let given = limits
    let id
    try {
      id = engine('run', ...command, ...limits, image)
    } catch (error) {
      if (!/cgroup/i.test(/** @type {Error} */ (error).message)) throw error
      given = []
      id = engine('run', ...command, image)
    }
    const container = new Container(id.split('\n').at(-1) ?? '', `http://127.0.0.1:${port}`, given)
    for (const end = Date.now() + START_TIMEOUT_MS; Date.now() < end; await sleep(100)) {
      const answer = await fetch(`${container.url}/readyz`).catch(() => undefined)
      if (answer?.ok) return container
    }
    const log = container.log()
    container.remove()
    throw new Error(`the app in ${image} did not become ready. Its log:\n${log}`)
  }

  /** Runs Node in the container. @param {string[]} args @returns {string} what it wrote */
  node(...args) {
    return engine('exec', this.#id, 'node', ...args)
  }

  /** @param {string} signal */
  kill(signal) {
    engine('kill', '--signal', signal, this.#id)
  }

  /** Waits for its end, a minute at most. @returns {number} its exit code */
  wait() {
    return Number(engine('wait', this.#id))
  }

  /** What it has logged. */
  log() {
    return engine('logs', this.#id)
  }

  remove() {
    engine('rm', '--force', this.#id)
  }
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
      server.close(() => resolve(port))
    })
  })
}
