/**
 * Sends to another thread. In batches, it collects until this thread's event loop has dealt with what came in together:
 * each message wakes the other thread, which for a quick model costs as much as the run.
 */
export class Outbox<Item> {
  #items: Item[] = []

  /**
   * @param post is never given an empty list
   * @param inBatches otherwise each item is sent at once
   */
  constructor(
    private readonly post: (items: Item[]) => void,
    public inBatches = false,
  ) {}

  add(item: Item): void {
    if (this.inBatches && this.#items.length === 0) setImmediate(() => this.flush())
    this.#items.push(item)
    if (!this.inBatches) this.flush()
  }

  /** Sends at once what there is. */
  flush(): void {
    const items = this.#items
    this.#items = []
    if (items.length > 0) this.post(items)
  }
}
