import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'

const text = z
  .string()
  .optional()
  .transform((value) => value || undefined)

const schema = z.object({
  /** The store to use when `--store` is not given. */
  MODEL_STORE: text,
  /** Where downloads of the catalogue are kept. */
  MODEL_CACHE_DIR: text,
  /** The user's cache folder by the XDG standard. */
  XDG_CACHE_HOME: text,
})

export const env = schema.parse(process.env)

/** `MODEL_CACHE_DIR`, or a folder of ours in the user's cache folder. */
export function cacheFolder(): string {
  if (env.MODEL_CACHE_DIR) return env.MODEL_CACHE_DIR
  const userCache =
    process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache')
  return join(env.XDG_CACHE_HOME ?? userCache, 'devops-for-ai-apps')
}
