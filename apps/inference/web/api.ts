import type { ModelCard } from '../src/model-card'

export type { ModelCard }

/** GET /version. */
export interface Version {
  app: { version: string; commit: string; imageDigest?: string; pod?: string }
  /** Null while it loads. */
  model: { name: string; version: string; sha256: string } | null
  runtime: { onnxruntime: string | null; node: string }
}

/** Who gave an answer, by its headers. Empty where they do not say. */
export interface Server {
  pod: string
  modelVersion: string
}

/** `[label, percent]`, best first. */
export type Ranking = [label: string, percent: number][]

export interface Scored {
  ranking: Ranking
  server: Server
  /** Milliseconds in the server, by part; empty when it does not say. */
  parts: Partial<Record<'queue' | 'decode' | 'inference', number>>
  /** Milliseconds from sending to the whole answer. */
  totalMs: number
}

/** What went wrong, as the server's problem+json says it. */
export class Problem extends Error {
  constructor(
    /** For programs: the same in every language. `unreachable` when no answer came. */
    readonly code: string,
    /** The server's words, in English. */
    readonly detail: string,
    readonly server: Server = { pod: '', modelVersion: '' },
  ) {
    super(detail)
  }
}

const KEY = 'api-key'

/** The API key, where the server wants one: kept until this tab is closed. */
export const apiKey = {
  get: () => sessionStorage.getItem(KEY),
  set: (key: string) => sessionStorage.setItem(KEY, key),
}

/** @throws Problem for every answer that is none of success */
async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  const key = apiKey.get()
  if (key) headers.set('authorization', `Bearer ${key}`)
  const response = await fetch(path, { ...init, headers }).catch((error: Error) => {
    throw new Problem('unreachable', error.message)
  })
  if (response.ok) return response
  const { code, detail } = await response.json().catch(() => ({}))
  // A proxy between us and the app answers in its own words.
  throw new Problem(
    code ?? 'unknown',
    detail ?? `${response.status} ${response.statusText}`,
    serverOf(response),
  )
}

export async function getModel(): Promise<ModelCard> {
  return (await call('model')).json()
}

export async function getVersion(): Promise<Version> {
  return (await call('version')).json()
}

export async function getSample(sha256: string): Promise<Blob> {
  return (await call(`model/samples/${sha256}`)).blob()
}

/**
 * Has an image classified.
 * @param freshConnection asks for a new connection the next time, so that a load balancer can choose another pod
 */
export async function score(image: Blob, name: string, freshConnection = false): Promise<Scored> {
  const body = new FormData()
  body.append('image', image, name)
  const start = performance.now()
  const response = await call('score', {
    method: 'POST',
    body,
    headers: freshConnection ? { 'x-connection': 'close' } : {},
  })
  const { result } = (await response.json()) as { result: [Ranking[], string] }
  const totalMs = performance.now() - start
  return { ranking: result[0][0] ?? [], server: serverOf(response), parts: partsOf(response), totalMs }
}

/** The image as the model sees it: a PNG. */
export async function preview(image: Blob): Promise<Blob> {
  // The server looks at the bytes: what the system takes the file for does not count.
  return (
    await call('preview', { method: 'POST', body: image, headers: { 'content-type': 'image/*' } })
  ).blob()
}

function serverOf({ headers }: Response): Server {
  return { pod: headers.get('x-pod') ?? '', modelVersion: headers.get('x-model-version') ?? '' }
}

/** Reads `queue;dur=0.10, decode;dur=0.52`. */
function partsOf({ headers }: Response): Scored['parts'] {
  const parts = (headers.get('server-timing') ?? '').matchAll(/(\w+);dur=([\d.]+)/g)
  return Object.fromEntries([...parts].map(([, name, ms]) => [name, Number(ms)]))
}
