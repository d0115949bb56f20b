import { z } from 'zod'
import { bytesContent } from './content.js'
import { parseJson } from './json.js'
import type { ModelStore } from './store.js'

/** One move of `latest`. The moves of a model are numbered from 1; only one publisher can make a given move. */
export const moveSchema = z.object({
  move: z.int().min(1),
  /** ISO 8601, by the clock of who moved it. */
  movedAt: z.string(),
  movedBy: z.string(),
  /** Undefined for the first. */
  from: z.string().optional(),
})

export type Move = z.infer<typeof moveSchema>

/** A move together with where it led. */
export type HistoryEntry = Move & { to: string }

const entrySchema = moveSchema.extend({ to: z.string() })

const folder = (name: string) => `${name}/history/`
const keyOf = (name: string, move: number) => `${folder(name)}${String(move).padStart(8, '0')}.json`

/**
 * Appends a move to the log: an object of its own that is created once and never changed. Whoever moves the pointer
 * logs the move, and whoever moves it next makes sure of that first: so no move is missing from the log, even when its
 * mover was killed before it could write.
 */
export async function logMove(
  store: ModelStore,
  name: string,
  entry: HistoryEntry,
  signal?: AbortSignal,
): Promise<void> {
  const content = bytesContent(Buffer.from(`${JSON.stringify(entry)}\n`))
  await store.write(keyOf(name, entry.move), content, { ifNoneMatch: '*' }, signal)
}

/** The number of the last logged move, 0 when there is none. */
export async function lastMove(store: ModelStore, name: string, signal?: AbortSignal): Promise<number> {
  let last = 0
  for await (const { key } of store.list(folder(name), signal)) {
    last = Math.max(last, Number(/\/(\d+)\.json$/.exec(key)?.[1] ?? 0))
  }
  return last
}

/** The logged moves, newest first. */
export async function readHistory(
  store: ModelStore,
  name: string,
  signal?: AbortSignal,
): Promise<HistoryEntry[]> {
  const entries: HistoryEntry[] = []
  for await (const { key } of store.list(folder(name), signal)) {
    const data = (await store.read(key, signal))?.data
    const entry = entrySchema.safeParse(parseJson(data?.toString() ?? ''))
    if (entry.success) entries.push(entry.data)
  }
  return entries.sort((a, b) => b.move - a.move)
}
