import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launch } from '@repo/inference/launch'
import type { Launch } from './server.js'

export type ServerName = 'app' | 'naive' | 'flask'
type LaunchName = ServerName | 'plainStart'

/** The servers; `flask` needs the folder that flask/setup.sh has made, `plainStart` is only started. */
export const launches = {
  /** @param graphCache a folder for the graph that is optimised for this machine, or undefined for a plain load */
  app: (modelFolder: string, graphCache: string | undefined) => (port: number) => ({
    command: process.execPath,
    args: [...launch.nodeArguments, launch.main],
    environment: {
      ...launch.environment,
      HOST: '127.0.0.1',
      PORT: String(port),
      MODEL_DIR: modelFolder,
      GRAPH_CACHE_DIR: graphCache ?? '',
      LOG_LEVEL: 'warn',
      SHUTDOWN_DELAY_MS: '0',
    },
    readyPath: '/readyz',
    healthPath: '/healthz',
  }),
  naive: (modelFolder: string) => (port: number) => ({
    ...node(new URL('./naive-server.js', import.meta.url), modelFolder, String(port)),
    readyPath: '/healthz',
    healthPath: '/healthz',
  }),
  plainStart: (modelFolder: string) => (port: number) => ({
    ...node(new URL('./plain-start.js', import.meta.url), modelFolder, String(port)),
    readyPath: '/healthz',
    healthPath: '/healthz',
  }),
  flask: (modelFolder: string, root: string) => (port: number) => ({
    command: 'bash',
    args: [join(flaskFolder, 'run.sh'), root, modelFolder, String(port)],
    readyPath: '/',
    healthPath: '/',
  }),
} satisfies Record<LaunchName, (...args: never[]) => (port: number) => Launch>

const flaskFolder = fileURLToPath(new URL('../../flask', import.meta.url))

/** Why the original's stack cannot be measured, or undefined when it can. */
export function flaskProblem(root: string | undefined): string | undefined {
  if (root === undefined) return 'no --flask <folder>; packages/bench/flask/setup.sh makes one'
  if (!existsSync(join(root, 'usr/bin/gunicorn'))) return `${root} is not a folder made by flask/setup.sh`
  if (process.getuid?.() !== 0) return 'changing into its folder takes root'
  return undefined
}

function node(script: URL, ...args: string[]): Pick<Launch, 'command' | 'args'> {
  return { command: process.execPath, args: [fileURLToPath(script), ...args] }
}
