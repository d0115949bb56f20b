import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe } from '@jest/globals'
import { PARTS } from '../src/parts.js'

export const root = fileURLToPath(new URL('../../..', import.meta.url))

/** Once parts are gone there is little left to show. */
const isWhole = Object.values(PARTS).every(({ paths }) => paths.every((path) => existsSync(join(root, path))))

export const describeWhole = (name: string, tests: () => void) =>
  isWhole
    ? describe(name, tests)
    : describe.skip(`${name} [skipped: parts were left out of this fork]`, tests)
