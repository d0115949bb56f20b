import { createHandlers as createReal } from '../dist/worker/handlers.js'

/** The app's own, but an image that says `die` ends the worker, and one that says `throw` makes it throw. */
export const createHandlers = (classifier) => {
  const real = createReal(classifier)
  return {
    ...real,
    'score-image': async (parts, detail, timings) => {
      const text = Buffer.concat(parts).toString()
      if (text === 'die') process.exit(3)
      if (text === 'throw') throw new Error('a fault in a handler')
      return real['score-image'](parts, detail, timings)
    },
  }
}
