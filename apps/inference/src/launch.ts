/** How to start this app's process, for whoever starts it: the container, npm start, the benchmark. */
import { fileURLToPath } from 'node:url'

export const launch = {
  main: fileURLToPath(new URL('../dist/main.js', import.meta.url)),
  /**
   * The main thread's garbage is short-lived. In V8's default of 16 MB it stays in memory, and for a time that the
   * slowest requests notice.
   */
  nodeArguments: ['--max-semi-space-size=2'],
  /** glibc would keep a heap for each of many threads, and what image decoders have freed in each. */
  environment: { MALLOC_ARENA_MAX: '2' },
}
