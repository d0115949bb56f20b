import { isIP } from 'node:net'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { usageError } from './errors.js'

/** The checkout's top folder. */
export const root = fileURLToPath(new URL('../../..', import.meta.url))

const PORT_PROBLEM = 'a port is a number from 0 to 65535'

const schema = z.object({
  /** Where the app listens; the next free port is taken when it is in use. 0: any free port. */
  PORT: z.coerce
    .number(PORT_PROBLEM)
    .int(PORT_PROBLEM)
    .min(0, PORT_PROBLEM)
    .max(65535, PORT_PROBLEM)
    .default(8080),
  /** The address the app binds to. A laptop's default is loopback: nobody else on the network reaches it. */
  HOST: z.string().default('127.0.0.1'),
  /** Everything that npm start keeps between runs. */
  LOCAL_STATE_DIR: z.string().default(join(root, '.local')),
  /** Downloaded catalogue models. */
  MODEL_CACHE_DIR: z.string().optional(),
  XDG_CACHE_HOME: z.string().optional(),
  NO_COLOR: z.string().optional(),
  TERM: z.string().optional(),
})

export interface Settings {
  port: number
  host: string
  /** A HOST that cannot be an address to bind to, and so is not used. */
  ignoredHost: string | undefined
  stateFolder: string
  cacheFolder: string
  /** May the terminal's line be redrawn? */
  redraw: boolean
  colour: boolean
  /** What the app's process inherits. */
  inherited: NodeJS.ProcessEnv
}

/**
 * Reads the settings from the environment; an empty variable counts as unset.
 * @throws LaunchError naming the variable
 */
export function readSettings(): Settings {
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''))
  const parsed = schema.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const name = String(issue?.path[0])
    throw usageError(`${name}=${given[name]} is not usable: ${issue?.message}.`)
  }
  const env = parsed.data
  // conda and tcsh set HOST to a platform's or machine's name, which has nothing to do with us.
  const isAddress = isIP(env.HOST) !== 0 || env.HOST === 'localhost'
  return {
    port: env.PORT,
    host: isAddress ? env.HOST : '127.0.0.1',
    ignoredHost: isAddress ? undefined : env.HOST,
    stateFolder: resolve(env.LOCAL_STATE_DIR),
    cacheFolder: resolve(
      env.MODEL_CACHE_DIR ?? join(userCache(env.XDG_CACHE_HOME), 'devops-for-ai-apps/models'),
    ),
    redraw: process.stdout.isTTY === true && env.TERM !== 'dumb',
    colour: process.stdout.isTTY === true && env.TERM !== 'dumb' && env.NO_COLOR === undefined,
    inherited: process.env,
  }
}

function userCache(xdg: string | undefined): string {
  if (xdg !== undefined) return xdg
  return join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache')
}
