/** Handlers that do what tests of the pool need; plain JavaScript, since worker threads load it as it is. */
export function createHandlers() {
  let calls = 0
  return {
    echo: async (_, text) => text,
    sleep: (_, milliseconds) => new Promise((resolve) => setTimeout(resolve, Number(milliseconds), 'slept')),
    // Blocks the whole thread, as a model's run does.
    block: async (_, milliseconds) => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(milliseconds))
      return 'blocked'
    },
    // As a request of many images does, it gets on and takes its time.
    steps: async (_, count, timings) => {
      for (let step = 0; step < Number(count); step++) {
        await new Promise((resolve) => setTimeout(resolve, 300))
        timings.push(0, 0, 0, 0)
      }
      return 'stepped'
    },
    count: async () => String(++calls),
    exit: async () => process.exit(3),
    'throw-later': () =>
      new Promise(() => {
        setTimeout(() => {
          throw new Error('thrown outside any request')
        })
      }),
    refuse: async () => {
      throw Object.assign(new Error('no more'), { code: 'out-of-cheese' })
    },
  }
}
