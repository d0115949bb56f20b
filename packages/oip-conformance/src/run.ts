import { type CheckResult, runCheck } from './check.js'
import { answerChecks } from './checks/answer.js'
import { healthChecks } from './checks/health.js'
import { imageChecks } from './checks/images.js'
import { inferChecks } from './checks/infer.js'
import { malformedChecks } from './checks/malformed.js'
import { metadataChecks } from './checks/metadata.js'
import { pathChecks } from './checks/paths.js'
import { type Client, createClient } from './client.js'
import { createContext } from './context.js'
import { ConformanceError, NoAnswer } from './errors.js'
import { isObject } from './expect.js'
import { brightPng, darkPng } from './png.js'
import { FREE_SIZE } from './tensors.js'

export interface ConformanceOptions {
  /** Where the server is, as http://host:port, with or without a path below which it serves. */
  baseUrl: string
  /** The model's name; without it the server's GET /version has to tell `model.name`. */
  model?: string
  /** An image that the model takes, encoded as a file is; by default a small PNG is made. */
  image?: Uint8Array
  /** The longest that one answer may take; 10,000 by default. */
  timeoutMs?: number
  /** Sent as a bearer token, where the server wants one. */
  apiKey?: string
  /** The server's limit for a body, in bytes; without it that one check is skipped. */
  maxBodyBytes?: number
  /** What free dimensions other than the first are set to; 32 by default. A model may refuse that by its graph. */
  freeSize?: number
  signal?: AbortSignal
}

export const checks = [
  ...healthChecks,
  ...metadataChecks,
  ...inferChecks,
  ...answerChecks,
  ...imageChecks,
  ...pathChecks,
  ...malformedChecks,
]

/**
 * Runs every check, one after another, in a fixed order.
 * @throws ConformanceError when nothing answers at the address, or when the model's name is not known
 */
export async function runConformance(options: ConformanceOptions): Promise<CheckResult[]> {
  const send = createClient(options.baseUrl, options.timeoutMs ?? 10_000, options.signal, options.apiKey)
  await reach(send)
  const context = createContext({
    send,
    modelName: options.model ?? (await askForModel(send)),
    images: [Buffer.from(options.image ?? brightPng()), darkPng()],
    maxBodyBytes: options.maxBodyBytes,
    freeSize: options.freeSize ?? FREE_SIZE,
  })
  const results: CheckResult[] = []
  for (const check of checks) results.push(await runCheck(check, context))
  return results
}

/** Any answer will do: what it has to be is for the checks to say. */
async function reach(send: Client): Promise<void> {
  try {
    await send('/v2/health/live')
  } catch (error) {
    if (error instanceof NoAnswer) throw new ConformanceError('unreachable', error.message)
    throw error
  }
}

/** The protocol has no list of models, but the servers of this repository tell theirs. */
async function askForModel(send: Client): Promise<string> {
  const { json } = await send('/version').catch((error: unknown) => {
    if (error instanceof NoAnswer) return { json: undefined }
    throw error
  })
  const model = isObject(json) && isObject(json.model) ? json.model.name : undefined
  if (typeof model !== 'string' || model === '')
    throw new ConformanceError(
      'usage',
      "the server's GET /version does not tell a model: name it with --model",
    )
  return model
}
