import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/**
 * A built file of this package, for what runs in a thread or process of its own. Node.js is asked where it is, since the
 * code that asks may lie in src/ (tests), in dist/ or in an app's bundle.
 * @param path from dist/, such as `pool/worker.js`
 */
export function builtFile(path: string): URL {
  return pathToFileURL(createRequire(import.meta.url).resolve(`@repo/classifier/dist/${path}`))
}
