import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const MAX_OUTPUT = 64 * 1024 * 1024

/** What `git <args>` prints. */
export async function git(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('git', args, { maxBuffer: MAX_OUTPUT })
  return stdout
}
