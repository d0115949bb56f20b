import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'

const schema = z.object({
  /** Where downloaded models of the catalogue are. */
  MODEL_CACHE_DIR: z.string().min(1).optional(),
  /** A folder whose models/ holds catalogue models, as for the tests. */
  TEST_ASSETS_DIR: z.string().min(1).optional(),
  /** The user's cache folder by the XDG standard. */
  XDG_CACHE_HOME: z.string().min(1).optional(),
})

const env = schema.parse(Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== '')))

/** The catalogue's downloads: where npm start keeps them, unless told otherwise. */
export const modelCacheFolder: string =
  env.MODEL_CACHE_DIR ??
  (env.TEST_ASSETS_DIR === undefined
    ? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'devops-for-ai-apps/models')
    : join(env.TEST_ASSETS_DIR, 'models'))

/** The environment of a child process: ours, and these on top. */
export function childEnvironment(settings: Record<string, string> = {}): NodeJS.ProcessEnv {
  return { ...process.env, ...settings }
}
