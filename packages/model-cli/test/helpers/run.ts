import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../../bin/model.js', import.meta.url))

export interface Outcome {
  code: number
  stdout: string
  stderr: string
}

/** Starts the built command in an environment that holds nothing else. */
export function start(
  args: string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
): ChildProcess {
  const { env = {}, ...rest } = options
  return spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env, ...rest })
}

export async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const [code] = await once(child, 'close')
  return { code, stdout, stderr }
}

/** Runs the built command to its end. */
export function model(args: string[], options: Parameters<typeof start>[1] = {}): Promise<Outcome> {
  return outcomeOf(start(args, options))
}

/** The same with `--json`, parsed. */
export async function modelJson(args: string[], options: Parameters<typeof start>[1] = {}) {
  const { code, stdout, stderr } = await model([...args, '--json'], options)
  const parse = (text: string) => (text ? JSON.parse(text) : undefined)
  return { code, answer: parse(stdout), failure: parse(stderr) }
}
