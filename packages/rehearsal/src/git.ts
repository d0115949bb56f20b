import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { agentEnvironment } from './env.js'

const MAX_OUTPUT = 64 * 1024 * 1024
/** Lets git read a checkout that belongs to another user. */
const CONFIG = fileURLToPath(new URL('../stand-ins/git/gitconfig', import.meta.url))

/** What `git <args>` prints. */
export async function git(...args: string[]): Promise<string> {
  const env = { ...agentEnvironment(), GIT_CONFIG_SYSTEM: CONFIG }
  const { stdout } = await promisify(execFile)('git', args, { env, maxBuffer: MAX_OUTPUT })
  return stdout
}
