/**
 * Below so many milliseconds of a run, requests and answers go in batches. For slower models a message costs nothing to
 * speak of, and whatever waits, waits for what takes long.
 */
export const QUICK_RUN_MS = 1

/**
 * Collects what goes to another thread until this thread's event loop has dealt with what came in together, then sends
 * it as one: each message wakes the other thread, which for a quick model costs as much as the run.
 */
export class Outbox<Item> {
  #items: Item[] = []

  /** @param post is never given an empty list */
  constructor(private readonly post: (items: Item[]) => void) {}

  add(item: Item): void {
    if (this.#items.length === 0) setImmediate(() => this.flush())
    this.#items.push(item)
  }

  /** Sends at once what there is. */
  flush(): void {
    const items = this.#items
    this.#items = []
    if (items.length > 0) this.post(items)
  }
}
