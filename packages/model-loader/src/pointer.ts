import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { bytesContent } from './content.js'
import { StoreError } from './errors.js'
import { pointerKey } from './layout.js'
import type { ModelStore } from './store.js'

const schema = z.object({
  version: z.string(),
  /** SHA-256 of the version's model.json, and so of everything it lists. */
  manifestSha256: z.string().regex(/^[0-9a-f]{64}$/),
})

/** The content of `<name>/latest.json`. */
export type Pointer = z.infer<typeof schema>

/** Each lost swap means that somebody else's was won, so this many publishers may meet. */
const MAX_SWAPS = 100
const MAX_WAIT_MS = 100

/**
 * The version that is latest, or undefined when nothing was promoted yet.
 * @throws StoreError `integrity` when the pointer is not readable as one
 */
export async function readPointer(
  store: ModelStore,
  name: string,
  signal?: AbortSignal,
): Promise<(Pointer & { etag: string }) | undefined> {
  const found = await store.read(pointerKey(name), signal)
  if (!found) return undefined
  try {
    return { ...schema.parse(JSON.parse(found.data.toString())), etag: found.info.etag }
  } catch (cause) {
    throw new StoreError(
      'integrity',
      `${store.url}: ${pointerKey(name)} is damaged: expected {"version", "manifestSha256"}, found ` +
        `${JSON.stringify(found.data.toString().slice(0, 200))}. Remove it and promote a version again.`,
      { cause },
    )
  }
}

/**
 * Makes `to` the latest version, whatever was latest before: a compare-and-swap that is tried until it is won.
 * @returns the version that was latest before
 */
export async function movePointer(
  store: ModelStore,
  name: string,
  to: Pointer,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const content = bytesContent(Buffer.from(`${JSON.stringify(to)}\n`))
  let previous: string | undefined
  for (let swap = 0; swap < MAX_SWAPS; swap++) {
    const now = await readPointer(store, name, signal)
    if (now?.version === to.version && now.manifestSha256 === to.manifestSha256) {
      // After a lost swap it may be our own doing: the write arrived, but its answer was lost and it was sent again.
      return swap === 0 ? now.version : previous
    }
    previous = now?.version
    const condition = now ? { ifMatch: now.etag } : { ifNoneMatch: '*' as const }
    if (await store.write(pointerKey(name), content, condition, signal)) return previous
    await sleep(Math.random() * MAX_WAIT_MS, undefined, signal ? { signal } : {})
  }
  throw new StoreError(
    'conflict',
    `${store.url}: ${pointerKey(name)} was moved by somebody else at each of ${MAX_SWAPS} tries. ` +
      `${to.version} is published; promote it again.`,
  )
}
