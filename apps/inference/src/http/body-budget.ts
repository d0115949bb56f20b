import { ClassifierError } from '@repo/classifier'

/** How many bytes of request bodies may be in memory at once, over all requests, from the first byte to the answer. */
export class BodyBudget {
  #used = 0

  constructor(private readonly limit: number) {}

  get used(): number {
    return this.#used
  }

  /**
   * Takes `bytes` from the budget.
   * @returns gives them back; call it once
   * @throws ClassifierError `queue-full` when they are not left
   */
  take(bytes: number): () => void {
    if (this.#used + bytes > this.limit) {
      throw new ClassifierError('queue-full', 'too many request bodies are in memory already', {
        retryAfterSeconds: 1,
      })
    }
    this.#used += bytes
    return () => {
      this.#used -= bytes
    }
  }
}
