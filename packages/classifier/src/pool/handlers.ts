import type { CreateHandlers } from './messages.js'

/** The handlers of a pool that was given none: `classify` takes one image and answers its predictions as JSON. */
export const createHandlers: CreateHandlers = (classifier) => ({
  async classify([image = new Uint8Array()], k, timings) {
    return JSON.stringify(await classifier.classify(image, Number(k || 3), timings))
  },
  /** The tensor that the model would get, as a JSON array. */
  async preprocess([image = new Uint8Array()]) {
    return JSON.stringify(Array.from(await classifier.preprocess(image)))
  },
})
