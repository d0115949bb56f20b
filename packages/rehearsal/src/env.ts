import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/** The checkout's top folder. */
export const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '')

const schema = z.object({
  /** Where the rehearsal and the local cluster keep their files. */
  LOCAL_STATE_DIR: z.string().min(1).default(join(root, '.local')),
  /** npm's own cache, which npm tells those that it starts. */
  npm_config_cache: z.string().min(1).optional(),
  /** Set to anything: no colours. */
  NO_COLOR: z.string().optional(),
  /** `dumb`: the live view is left out. */
  TERM: z.string().optional(),
})

const env = schema.parse(process.env)

export const npmCache = (): string => env.npm_config_cache ?? join(homedir(), '.npm')
export const stateFolder = env.LOCAL_STATE_DIR
/** Whether the terminal can be redrawn. */
export const isLive = process.stdout.isTTY === true && env.TERM !== 'dumb'
export const isColoured = isLive && env.NO_COLOR === undefined

/** What npm and test runners put into the environment of this process is none of a step's business. */
const OWN = /^(npm_|NODE_OPTIONS$|NODE_V8_COVERAGE$|INIT_CWD$|JEST_|TURBO_|TF_BUILD$|GITHUB_)/

/** The environment of steps, as a machine of Azure Pipelines would have one: its PATH without npm's own folders. */
export function agentEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined || OWN.test(name) ? [] : [[name, value] as const],
  )
  const inherited = Object.fromEntries(entries)
  const path = (inherited.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
  return { ...inherited, PATH: path.join(delimiter) }
}
