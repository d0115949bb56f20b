import { z } from 'zod'

/** Brings up a Kubernetes cluster; see docs/cluster.md. */
export const env = z.object({ CLUSTER_SCRIPT: z.string().min(1).optional() }).parse(process.env)
