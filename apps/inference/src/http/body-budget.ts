import { HttpError } from './problem.js'

/** How many bytes of request bodies may be in memory at once, over all requests, from each byte's coming to the answer. */
export class BodyBudget {
  #used = 0

  constructor(private readonly limit: number) {}

  get used(): number {
    return this.#used
  }

  /**
   * A request's share, which grows with what has come of its body: one that only announces much takes nothing from others.
   * @throws HttpError `bodies-full` when nothing is left
   */
  open(): BodyShare {
    this.#take(0)
    let taken = 0
    return {
      take: (bytes) => {
        this.#take(bytes)
        taken += bytes
      },
      giveBack: () => {
        this.#used -= taken
        taken = 0
      },
    }
  }

  #take(bytes: number): void {
    if (this.#used >= this.limit || this.#used + bytes > this.limit)
      throw new HttpError('bodies-full', 'too many request bodies are in memory already')
    this.#used += bytes
  }
}

export interface BodyShare {
  /** @throws HttpError `bodies-full` when so many bytes are not left */
  take(bytes: number): void
  /** To be called when the body is no longer in memory. */
  giveBack(): void
}
