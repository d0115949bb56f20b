/**
 * A model whose run takes fewer milliseconds is quick: what each request costs besides counts, so requests, runs and
 * answers go in batches. For slower models that saves nothing to speak of, and whatever waits, waits for what takes long.
 */
export const QUICK_RUN_MS = 1
