import { z } from 'zod'

/** More than this and Node.js' timers end at once. */
const MAX_MS = 2 ** 31 - 1
const milliseconds = (min = 1) => z.coerce.number().int().min(min).max(MAX_MS)

/** One entry for each variable; docs/serving.md has them all, and a test sees to it. */
export const environmentSchema = z.object({
  /** The model's bundle: the folder that `model pull` made. */
  MODEL_DIR: z.string().min(1).default('model'),
  /**
   * Base URL of an Open Inference endpoint that runs the model, such as another release of this app. Then no model is
   * loaded here; MODEL_DIR says its name and labels.
   */
  MODEL_ENDPOINT: z
    .url({ protocol: /^https?$/ })
    .refine(
      withoutCredentials,
      'must not hold a user or password, which logs would show; use MODEL_ENDPOINT_API_KEY',
    )
    .optional(),
  /** Sent to MODEL_ENDPOINT as a bearer token. */
  MODEL_ENDPOINT_API_KEY: z.string().min(1).optional(),
  /** The address to listen at; the default is all addresses, as a container needs it. */
  HOST: z.string().min(1).default('0.0.0.0'),
  /** 0 takes any free port; the log says which. */
  PORT: z.coerce.number().int().min(0).max(65535).default(8080),
  /** The least important level that is logged; `info` writes a line for every request. */
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Largest request body, in bytes. */
  BODY_LIMIT_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(16 * 1024 * 1024),
  /** Most images in one request. */
  MAX_IMAGES: z.coerce.number().int().min(1).default(32),
  /** Most pixels (width x height) of one image; all images of a request together may have four times as many. */
  MAX_IMAGE_PIXELS: z.coerce.number().int().min(1).default(50_000_000),
  /** Memory that decoding one image may take, in bytes, as estimated from its header. */
  MAX_DECODE_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(256 * 1024 * 1024),
  /** Worker threads, each with its own session. Default: the CPU limit. */
  WORKERS: z.coerce.number().int().min(1).optional(),
  /** Threads of one run. With WORKERS=1 and this at the CPU count: less memory and latency, less throughput. */
  THREADS_PER_RUN: z.coerce.number().int().min(1).default(1),
  /**
   * A folder of the app's own for graphs that are optimised for this machine's CPU: less memory and a quicker start,
   * after a first start that takes longer. Without it the model's own graph is loaded.
   */
  GRAPH_CACHE_DIR: z.string().min(1).optional(),
  /** Requests that may wait for a worker; more are answered 503. */
  QUEUE_LIMIT: z.coerce.number().int().min(0).default(64),
  /** How long a request may wait for a worker, in milliseconds. */
  QUEUE_TIMEOUT_MS: milliseconds().default(10_000),
  /** How long a worker may take for an image, in milliseconds; a longer one means that it hangs: /healthz answers 503. */
  RUN_TIMEOUT_MS: milliseconds().default(60_000),
  /** Bytes of request bodies in memory at once, over all requests; more are answered 503. */
  MAX_BUFFERED_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(256 * 1024 * 1024),
  /** How long a client may take for its headers, in milliseconds. */
  HEADERS_TIMEOUT_MS: milliseconds().default(10_000),
  /** How long a client may take for a whole request, body included, or not read on in an answer, in milliseconds. */
  REQUEST_TIMEOUT_MS: milliseconds().default(30_000),
  /** How long an open connection may stay without a request, in milliseconds. */
  KEEP_ALIVE_TIMEOUT_MS: milliseconds().default(65_000),
  /** Connections at once; more are closed. */
  MAX_CONNECTIONS: z.coerce.number().int().min(1).default(4096),
  /** How long new connections are still served after SIGTERM, in milliseconds; less than SHUTDOWN_GRACE_MS. */
  SHUTDOWN_DELAY_MS: milliseconds(0).default(2_000),
  /** How long everything that has begun may take to end after SIGTERM, in milliseconds. */
  SHUTDOWN_GRACE_MS: milliseconds().default(25_000),
  /** The version that GET /version answers. The image build sets this and APP_COMMIT. */
  APP_VERSION: z.string().min(1).optional(),
  /** The commit that GET /version answers. */
  APP_COMMIT: z.string().min(1).default('unknown'),
  /** The container image's, `sha256:...`, for GET /version. Only who deploys it knows: an image can't hold its own. */
  IMAGE_DIGEST: z.string().min(1).optional(),
  /** The pod's name, for GET /version and the header x-pod. */
  POD_NAME: z
    .string()
    .regex(/^[\w.-]+$/, 'must hold letters, digits, ".", "_" and "-" only')
    .optional(),
  /** Keys of which callers must send one, separated by commas. Without any, everybody is answered. */
  API_KEYS: z
    .string()
    .transform((list) => list.split(',').map((key) => key.trim()))
    .pipe(z.array(z.string().regex(/^[!-~]{16,}$/, 'a key has at least 16 printable ASCII characters')))
    .default([]),
  // Tracing, by the standard variables of OpenTelemetry; off unless one of the two endpoints is set. Its exporter reads
  // OTEL_EXPORTER_OTLP_HEADERS, _TIMEOUT, _COMPRESSION and _CERTIFICATE by itself.
  /** A collector for everything; traces go to its /v1/traces. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  /** Where traces go, taken as it is. */
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  /** What traces call this app. Default: inference. */
  OTEL_SERVICE_NAME: z.string().min(1).optional(),
  /** `key=value` pairs, separated by commas, percent-encoded. */
  OTEL_RESOURCE_ATTRIBUTES: z.string().transform(keyValues).default({}),
  /** Which traces are kept, by the names that OpenTelemetry gives to samplers. */
  OTEL_TRACES_SAMPLER: z
    .enum([
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ])
    .default('parentbased_always_on'),
  /** For the samplers by ratio: the share of traces that is kept. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
  /** `none` turns traces off; the other exporter that there is here is `otlp`. */
  OTEL_TRACES_EXPORTER: z.enum(['otlp', 'none']).default('otlp'),
  /** `true` turns traces off, whatever else is set. */
  OTEL_SDK_DISABLED: z
    .string()
    .transform((value) => value.toLowerCase() === 'true')
    .default(false),
})

const checkedSchema = environmentSchema
  .refine(({ MAX_BUFFERED_BYTES, BODY_LIMIT_BYTES }) => MAX_BUFFERED_BYTES >= BODY_LIMIT_BYTES, {
    path: ['MAX_BUFFERED_BYTES'],
    message: 'must be at least BODY_LIMIT_BYTES, or the largest bodies would never be taken',
  })
  .refine(({ SHUTDOWN_DELAY_MS, SHUTDOWN_GRACE_MS }) => SHUTDOWN_DELAY_MS < SHUTDOWN_GRACE_MS, {
    path: ['SHUTDOWN_DELAY_MS'],
    message: 'must be less than SHUTDOWN_GRACE_MS, or no time is left to finish requests',
  })

export type Env = z.infer<typeof environmentSchema>

/**
 * Reads the environment, once. An empty variable counts as not set.
 * @throws Error that names every wrong variable
 */
export function readEnv(): Env {
  const set = Object.entries(process.env).filter(([, value]) => value !== '')
  const result = checkedSchema.safeParse(Object.fromEntries(set))
  if (result.success) return result.data
  const problems = result.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`)
  throw new Error(`These environment variables are not usable:\n${problems.join('\n')}`)
}

function withoutCredentials(text: string): boolean {
  if (!URL.canParse(text)) return true
  const { username, password } = new URL(text)
  return username === '' && password === ''
}

/** Reads `key=value,key=value`. */
function keyValues(list: string, context: z.RefinementCtx): Record<string, string> {
  try {
    const pairs = list
      .split(',')
      .filter((pair) => pair.trim() !== '')
      .map((pair) => /^\s*([^=\s]+)\s*=(.*)$/.exec(pair)?.slice(1).map(decode))
    if (pairs.every((pair) => pair !== undefined)) return Object.fromEntries(pairs)
  } catch {
    // A broken percent-encoding is said in the same words.
  }
  context.addIssue({ code: 'custom', message: 'must be key=value pairs, separated by commas' })
  return z.NEVER
}

function decode(text: string): string {
  return decodeURIComponent(text.trim())
}
