import { spawn } from 'node:child_process'
import { createServer, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { env, inherited } from './env.js'
import type { Answer, FakeAzure } from './fake-azure.js'

/** The folder whose `az` asks the double; it goes in front of PATH. */
const folder = fileURLToPath(new URL('../double', import.meta.url))

export interface Listening {
  /** What a process needs so that its `az` is the double. */
  environment: NodeJS.ProcessEnv
  close(): Promise<void>
}

/** Lets processes on this machine ask the fake Azure, by `double/az`. */
export async function listen(azure: FakeAzure): Promise<Listening> {
  const server = createServer((socket) => serve(socket, azure))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    environment: { PATH: `${folder}:${env.PATH}`, AZ_DOUBLE_PORT: String(port), RETRY_SECONDS: '0' },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** In: the number of arguments and the arguments, each with a NUL after it. Out, likewise: code, stdout, stderr. */
function serve(socket: Socket, azure: FakeAzure): void {
  let received = ''
  socket.setEncoding('utf8')
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: string) => {
    received += chunk
    const [count, ...args] = received.split('\0')
    if (args.length <= Number(count)) return
    const { code, stdout, stderr } = azure.run(args.slice(0, -1))
    socket.end([code, stdout, stderr, ''].join('\0'))
  })
}

/** Runs a command whose `az` is the double, and gathers what it prints. */
export async function runWith(
  { environment }: Listening,
  [program = '', ...args]: string[],
  settings: NodeJS.ProcessEnv = {},
): Promise<Answer> {
  const { HOME, TMPDIR } = env
  const child = spawn(program, args, {
    env: { HOME, TMPDIR, ...environment, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      output[name] += chunk
    })
  }
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => resolve(status ?? 1))
  })
  return { code, ...output }
}

/** Runs a command whose `az` is the double, on this process's terminal. Resolves to its exit code. */
export async function runInTerminal(
  { environment }: Listening,
  [program = '', ...args]: string[],
): Promise<number> {
  const child = spawn(program, args, { env: { ...inherited, ...environment }, stdio: 'inherit' })
  return await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => resolve(status ?? 1))
  })
}
