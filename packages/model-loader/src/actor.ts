import { hostname, userInfo } from 'node:os'
import { env } from './env.js'

/** Who moves `latest`, for the history: MODEL_STORE_ACTOR, whoever started the pipeline and its run, or user@host. */
export function actor(): string {
  if (env.MODEL_STORE_ACTOR) return env.MODEL_STORE_ACTOR
  if (env.BUILD_REQUESTEDFOR)
    return [env.BUILD_REQUESTEDFOR, env.BUILD_BUILDNUMBER].filter(Boolean).join(', run ')
  return `${userName()}@${hostname()}`
}

/** In a container the user may have a number only. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}
