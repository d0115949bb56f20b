import { delimiter } from 'node:path'
import { z } from 'zod'

const schema = z.object({
  /** Brings up a Kubernetes cluster where there is no docker with kind. */
  CLUSTER_SCRIPT: z.string().min(1).optional(),
})

export const env = schema.parse(
  Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== '')),
)

/** The environment of a reader's terminal: ours without what npm and turbo set, and without this checkout's commands. */
export function readersEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|TURBO_|INIT_CWD$|NODE_OPTIONS$)/.test(name),
  )
  const path = process.env.PATH?.split(delimiter).filter((folder) => !folder.includes('node_modules'))
  return { ...Object.fromEntries(kept), PATH: path?.join(delimiter) }
}
