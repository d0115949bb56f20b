import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/** The checkout's top folder. */
export const root = fileURLToPath(new URL('../../..', import.meta.url))

const schema = z.object({
  /** Where the local cluster and this run's files are. */
  LOCAL_STATE_DIR: z.string().min(1).default(join(root, '.local')),
})

export const stateFolder = resolve(schema.parse(process.env).LOCAL_STATE_DIR)

/** What every program that is started here inherits, with changes. */
export const environmentWith = (changes: Record<string, string>): NodeJS.ProcessEnv => ({
  ...process.env,
  ...changes,
})
