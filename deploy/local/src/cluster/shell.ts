import { spawn } from 'node:child_process'
import { environmentWith } from '../env.js'
import { LaunchError } from '../errors.js'

const SHOWN_LINES = 8

export interface RunOptions {
  /** Added to this process's environment. */
  environment?: NodeJS.ProcessEnv
  input?: string
  signal?: AbortSignal
}

/**
 * Runs a program to its end.
 * @returns what it printed on stdout, without surrounding white space
 * @throws LaunchError with the last lines of its stderr, or the signal's reason
 */
export async function run(command: string, args: string[], options: RunOptions = {}): Promise<string> {
  const { environment = {}, input = '', signal } = options
  signal?.throwIfAborted()
  const child = spawn(command, args, { env: environmentWith(environment), ...(signal && { signal }) })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  // A program that reads nothing closes it.
  child.stdin.on('error', () => {}).end(input)
  const how = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, killedBy) => resolve(killedBy ?? (code === 0 ? '' : `exit code ${code}`)))
  })
  signal?.throwIfAborted()
  if (how === '') return stdout.trim()
  const lines = (stderr.trim() || stdout.trim()).split('\n').slice(-SHOWN_LINES).join('\n')
  throw new LaunchError(`${[command, ...args].join(' ')} failed (${how}).\n${lines}`.trim())
}

/** Does the program run and end with 0? For `docker version` and the like. */
export async function succeeds(command: string, ...args: string[]): Promise<boolean> {
  return await run(command, args).then(
    () => true,
    () => false,
  )
}
