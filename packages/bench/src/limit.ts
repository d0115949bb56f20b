import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cpuLimit } from '@repo/classifier'

/**
 * What this machine can do at most: decode, run and top-k on every core, with nothing to serve.
 * @param inFlight images that each thread works on at a time
 * @returns images per second
 */
export async function limit(
  modelFolder: string,
  imageFile: string,
  inFlight: number,
  seconds: number,
): Promise<number> {
  const script = fileURLToPath(new URL('./limit-process.js', import.meta.url))
  const args = [script, modelFolder, imageFile, String(inFlight), String(seconds), String(cpuLimit())]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return Number(stdout)
}
