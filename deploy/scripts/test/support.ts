import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { processEnv } from './env.js'

export const root = fileURLToPath(new URL('../../..', import.meta.url))
export const scripts = `${root}deploy/scripts`

export interface Ran {
  status: number | null
  stdout: string
  stderr: string
}

/** Runs a command with these variables besides PATH and HOME, and no others: a test must not depend on who runs it. */
export async function run(command: string[], env: Record<string, string> = {}): Promise<Ran> {
  const { PATH = '', HOME = '' } = processEnv
  return await runWith(command, { PATH, HOME, ...env })
}

export async function runWith(command: string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  const [program = '', ...args] = command
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data) => {
    stdout += data
  })
  child.stderr.on('data', (data) => {
    stderr += data
  })
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve)
  })
  return { status, stdout, stderr }
}

/** Whether a program is installed. */
export function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
}
