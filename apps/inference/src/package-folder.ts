import { createRequire } from 'node:module'
import { dirname } from 'node:path'

/**
 * The folder of this app's package.json. Node.js is asked, since this file may be in src/ (tests), in dist/ or in the
 * bundle.
 */
export const packageFolder = dirname(createRequire(import.meta.url).resolve('@repo/inference/package.json'))
