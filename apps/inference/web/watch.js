import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/**
 * Builds the demo page again whenever one of its files changes; the running app then serves the new one.
 * @param {(message: string) => void} report is told of a mistake in a file; the last good page stays
 * @returns {Promise<() => Promise<void>>} ends it
 */
export async function watchPage(report) {
  const watcher = await build({
    root: fileURLToPath(new URL('.', import.meta.url)),
    logLevel: 'silent',
    // What is served must not be missing meanwhile.
    build: { watch: {}, emptyOutDir: false },
  })
  watcher.on('event', (event) => {
    if (event.code === 'ERROR') report(event.error.message)
    if ('result' in event) void event.result?.close()
  })
  return () => watcher.close()
}
