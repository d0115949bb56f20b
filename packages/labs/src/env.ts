import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/** The checkout's top folder. */
export const root = fileURLToPath(new URL('../../..', import.meta.url))

const schema = z.object({
  /** Where the labs look for the app that runs on this machine. */
  LAB_URL: z.url({ protocol: /^http$/ }).default('http://127.0.0.1:8080'),
  /** Where the labs and what they start keep their files. */
  LOCAL_STATE_DIR: z.string().min(1).default(join(root, '.local')),
})

const env = schema.parse(process.env)
export const appUrl = env.LAB_URL.replace(/\/$/, '')
export const stateFolder = resolve(env.LOCAL_STATE_DIR)

/** What every program that is started here inherits, with changes. */
export const environmentWith = (changes: Record<string, string>): NodeJS.ProcessEnv => ({
  ...process.env,
  ...changes,
})
