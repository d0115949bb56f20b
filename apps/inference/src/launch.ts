/** How to start this app's process, for whoever starts it: the container, npm start, the benchmark. */
import { fileURLToPath } from 'node:url'

export const launch = {
  /** The app in a few files, since to find and read a thousand is most of what a start takes. */
  main: fileURLToPath(new URL('../dist/bundle/main.js', import.meta.url)),
  /** The same in a file for each source file, for whoever replaces single ones. */
  mainOfManyFiles: fileURLToPath(new URL('../dist/main.js', import.meta.url)),
  /**
   * The main thread's garbage is short-lived. In V8's default of 16 MB it stays in memory, and for a time that the
   * slowest requests notice.
   *
   * V8 counts the parts of the bodies, which lie outside of its heap, as the heap's growth, and a refused request has
   * them too. To a heap as small as this app's that looks like doubling: under overload it was searched as a whole up to
   * ten times a second, for what was garbage already. So it may grow to three times of what lives in it.
   */
  nodeArguments: ['--max-semi-space-size=2', '--heap-growing-percent=200'],
  /** glibc would keep a heap for each of many threads, and what image decoders have freed in each. */
  environment: { MALLOC_ARENA_MAX: '2' },
}
