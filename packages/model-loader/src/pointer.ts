import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { actor } from './actor.js'
import { bytesContent } from './content.js'
import { StoreError } from './errors.js'
import { type HistoryEntry, lastMove, logMove, moveSchema } from './history.js'
import { manifestKey, pointerKey } from './layout.js'
import type { ModelStore } from './store.js'

const schema = z.object({
  version: z.string(),
  /** SHA-256 of the version's model.json, and so of everything it lists. */
  manifestSha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** How it came to be latest. It makes each pointer's bytes unique, too: its number never comes back. */
  last: moveSchema.optional(),
})

/** The content of `<name>/latest.json`. */
export type Pointer = z.infer<typeof schema>

/** What to point to. */
export type Target = Pick<Pointer, 'version' | 'manifestSha256'>

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
 * @param by who does it; default: whoever runs this
 * @returns the version that was latest before
 * @throws StoreError `conflict` when somebody removed the version in the meantime
 */
export async function movePointer(
  store: ModelStore,
  name: string,
  to: Target,
  options: { signal?: AbortSignal | undefined; by?: string | undefined } = {},
): Promise<string | undefined> {
  const { signal, by = actor() } = options
  let ours: Pointer | undefined
  for (let swap = 0; swap < MAX_SWAPS; swap++) {
    const now = await readPointer(store, name, signal)
    // After a lost swap it may be our own doing: the write arrived, but its answer was lost and it was sent again.
    const isOurs = ours?.last !== undefined && isSameMove(now, ours)
    if (!isOurs && now?.version === to.version && now.manifestSha256 === to.manifestSha256) return now.version
    if (!isOurs) {
      // Our predecessor may have been killed before it logged its move.
      if (now?.last) await logMove(store, name, entryOf(now, now.last), signal)
      ours = { ...to, last: await nextMove(store, name, now, by, signal) }
    }
    const condition = now ? { ifMatch: now.etag } : { ifNoneMatch: '*' as const }
    const content = bytesContent(Buffer.from(`${JSON.stringify(ours)}\n`))
    if (ours?.last && (isOurs || (await store.write(pointerKey(name), content, condition, signal)))) {
      await logMove(store, name, entryOf(ours, ours.last), signal)
      await checkStillThere(store, name, to, now, signal)
      return ours.last.from
    }
    await sleep(Math.random() * MAX_WAIT_MS, undefined, signal ? { signal } : {})
  }
  throw new StoreError(
    'conflict',
    `${store.url}: ${pointerKey(name)} was moved by somebody else at each of ${MAX_SWAPS} tries. ` +
      `${to.version} is published; promote it again.`,
  )
}

const entryOf = (pointer: Pointer, last: NonNullable<Pointer['last']>): HistoryEntry => ({
  ...last,
  to: pointer.version,
})

const isSameMove = (a: Pointer | undefined, b: Pointer) =>
  a?.version === b.version && JSON.stringify(a.last) === JSON.stringify(b.last)

async function nextMove(
  store: ModelStore,
  name: string,
  now: Pointer | undefined,
  movedBy: string,
  signal: AbortSignal | undefined,
) {
  // Without a pointer there may still be a history: somebody removed a damaged pointer.
  const before = now?.last?.move ?? (await lastMove(store, name, signal))
  const from = now ? { from: now.version } : {}
  return { move: before + 1, movedAt: new Date().toISOString(), movedBy, ...from }
}

/**
 * `prune` may have removed the version after we had seen it. It looks at the pointer after removing a manifest, and we
 * look for the manifest after moving the pointer, so at least one of us notices; then the pointer goes back.
 */
async function checkStillThere(
  store: ModelStore,
  name: string,
  to: Target,
  before: Pointer | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (await store.head(manifestKey(name, to.version), signal)) return
  if (before && before.version !== to.version) {
    const { version, manifestSha256 } = before
    await movePointer(store, name, { version, manifestSha256 }, { signal })
  }
  const what = `${name} ${to.version} was removed while it was being promoted`
  throw new StoreError('conflict', `${store.url}: ${what}. Publish it again as a new version.`)
}
