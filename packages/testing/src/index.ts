import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe } from '@jest/globals'
import { env } from './env.js'

/** The folder of real models and photos, or undefined when `TEST_ASSETS_DIR` is not set. */
export const assetsFolder: string | undefined = env.TEST_ASSETS_DIR

/**
 * A `describe` that needs the real test assets. Without them it is skipped, and its title says why, so that the
 * summary of `npm test` can name it.
 */
export function describeWithAssets(title: string, body: (assets: string) => void): void {
  if (assetsFolder !== undefined) {
    describe(title, () => body(assetsFolder as string))
  } else {
    describe.skip(`${title} [skipped: TEST_ASSETS_DIR is not set]`, () => body('TEST_ASSETS_DIR'))
  }
}

/** Makes folders below the system's temporary folder and removes them after the test file. Call at its top level. */
export function temporaryFolders(): () => Promise<string> {
  const made: string[] = []
  afterAll(async () => {
    for (const folder of made) await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  })
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ai-app-test-'))
    made.push(folder)
    return folder
  }
}

export { type ColourInput, type ColourModel, writeColourBundle } from './bundles.js'
export { type OnnxGraph, type OnnxNode, writeOnnx } from './onnx-writer.js'
