import { z } from 'zod'

/** Brings up a Kubernetes cluster; see docs/cluster.md. */
export const env = z.object({ CLUSTER_SCRIPT: z.string().min(1).optional() }).parse(process.env)

/** The environment of a terminal: ours without what npm, turbo and Jest set. */
export const terminal = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_|TURBO_|JEST_|INIT_CWD$|NODE_ENV$|NODE_OPTIONS$)/.test(name),
  ),
)
