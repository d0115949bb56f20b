import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'

const text = z
  .string()
  .optional()
  .transform((value) => value || undefined)

const schema = z.object({
  /** Where unpacked tools are kept. */
  KUBE_TOOLS_DIR: text,
  /** The user's cache folder by the XDG standard. */
  XDG_CACHE_HOME: text,
  /** Where tools are looked for first. */
  PATH: z.string().default(''),
})

const env = schema.parse(process.env)

/** The folders in which commands are looked for. */
export const searchPath = env.PATH

/** `KUBE_TOOLS_DIR`, or a folder of ours in the user's cache folder. */
export const toolsFolder =
  env.KUBE_TOOLS_DIR ??
  join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'devops-for-ai-apps', 'kube-tools')
