import { isIP } from 'node:net'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { LaunchError } from './errors.js'

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
  /** The user's cache folder by the XDG standard. */
  XDG_CACHE_HOME: z.string().optional(),
  /** Set to anything: no colours. */
  NO_COLOR: z.string().optional(),
  /** `dumb`: no colours, and nothing is redrawn. */
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
  const env = read(schema, 'See npm start -- --help')
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

const clusterSchema = z.object({
  LOCAL_STATE_DIR: schema.shape.LOCAL_STATE_DIR,
  /** Which of the ways to a cluster; default: the first that fits. */
  CLUSTER: z.enum(['kind', 'script', 'given']).optional(),
  /** A script with `up`, `down` and `status` that starts a Kubernetes without a container engine. */
  CLUSTER_SCRIPT: z.string().optional(),
  /** An existing cluster, used only together with REGISTRY. */
  KUBECONFIG: z.string().optional(),
  /** A registry that the existing cluster pulls from. */
  REGISTRY: z.string().optional(),
  /** `true`: the registry is reached without TLS. */
  REGISTRY_PLAIN_HTTP: z.enum(['true', 'false']).default('false'),
  /** How the existing cluster's pods reach this machine. */
  HOST_ADDRESS: z.string().default(''),
  /** Where this machine reaches the existing cluster's NodePorts; default: at its first node's address. */
  NODE_ADDRESS: z.string().default(''),
})

export type ClusterSettings = Omit<z.infer<typeof clusterSchema>, 'LOCAL_STATE_DIR'> & {
  /** Everything of the cluster that lies on this machine's disk. */
  folder: string
}

/**
 * Reads what `npm run cluster:up` goes by.
 * @throws LaunchError naming the variable
 */
export function readClusterSettings(): ClusterSettings {
  const { LOCAL_STATE_DIR, ...settings } = read(clusterSchema, 'See docs/cluster.md')
  return { ...settings, folder: join(resolve(LOCAL_STATE_DIR), 'cluster') }
}

function read<Schema extends z.ZodType>(wanted: Schema, help: string): z.infer<Schema> {
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''))
  const parsed = wanted.safeParse(given)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const name = String(issue?.path[0])
  throw new LaunchError(`${name}=${given[name]} is not usable: ${issue?.message}.`, help, 2)
}

/** This process's environment with changes. */
export const environmentWith = (changes: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...process.env,
  ...changes,
})

function userCache(xdg: string | undefined): string {
  if (xdg !== undefined) return xdg
  return join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache')
}
