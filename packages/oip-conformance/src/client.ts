import { ConformanceError, NoAnswer } from './errors.js'

export interface Answer {
  status: number
  /** In lower case and without parameters; empty when there is none. */
  contentType: string
  text: string
  /** The parsed body, or undefined when it is no JSON. */
  json: unknown
}

export interface Sent {
  method?: string
  contentType?: string
  /** A text is sent as it is; anything else as JSON. */
  body?: unknown
}

/** Throws NoAnswer when the server is not reachable or too slow, and the signal's reason when it was aborted. */
export type Client = (path: string, sent?: Sent) => Promise<Answer>

/**
 * @param timeoutMs the longest that one answer, body included, may take
 * @param apiKey sent as a bearer token, where the server wants one
 * @throws ConformanceError `usage` when the address is no plain http or https URL
 */
export function createClient(
  baseUrl: string,
  timeoutMs: number,
  signal?: AbortSignal,
  apiKey?: string,
): Client {
  const base = parseBaseUrl(baseUrl)
  return async (path, { method, contentType = 'application/json', body } = {}) => {
    signal?.throwIfAborted()
    const timeout = new AbortController()
    const onAbort = () => timeout.abort()
    signal?.addEventListener('abort', onAbort, { once: true })
    const timer = setTimeout(onAbort, timeoutMs)
    try {
      const answer = await fetch(base + path, {
        signal: timeout.signal,
        // A client of the protocol need not follow redirects, so they are answers like any other.
        redirect: 'manual',
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: {
          ...(body !== undefined && { 'content-type': contentType }),
          ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await answer.text()
      const type = answer.headers.get('content-type') ?? ''
      return {
        status: answer.status,
        contentType: type.split(';')[0]?.trim().toLowerCase() ?? '',
        text,
        json: parseJson(text),
      }
    } catch (error) {
      signal?.throwIfAborted()
      throw new NoAnswer(timeout.signal.aborted ? `no answer within ${timeoutMs / 1000} s` : reason(error))
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
  }
}

function parseBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw new ConformanceError(
      'usage',
      'the base URL must be like http://127.0.0.1:8080, without user and password',
    )
  }
  return url.origin + url.pathname.replace(/\/+$/, '')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** fetch hides what happened in the error's cause. */
function reason(error: unknown): string {
  const { cause } = error as { cause?: { code?: string; message?: string } }
  return `no answer: ${cause?.code || cause?.message || (error as Error).message}`
}
