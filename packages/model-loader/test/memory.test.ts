import { execFile } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { type Azurite, startAzurite } from '@repo/azurite'
import { verifyBundle, writeManifest } from '@repo/model-bundle'
import { temporaryFolders } from '@repo/testing'
import { isLong } from './env.js'
import { writeBundle } from './helpers/bundles.js'

const temporaryFolder = temporaryFolders()
const MB = 1_000_000
const LARGE_BYTES = (isLong ? 1000 : 256) * MB
const MAX_GROWTH_BYTES = 100 * MB
// A bare download of that size grows by 40 to 60 MB: buffers that wait for the garbage collector, which comes later on
// a machine that has other things to do.
jest.retryTimes(2)

describe(`a model of ${LARGE_BYTES / MB} MB`, () => {
  let azurite: Azurite
  let small: string
  let large: string
  beforeAll(async () => {
    azurite = await startAzurite({ folder: await temporaryFolder() })
    small = await temporaryFolder()
    await writeBundle(small, { name: 'small' })
    large = await temporaryFolder()
    const { files: _, ...description } = await writeBundle(large, { name: 'large' })
    const weights = await open(join(large, 'weights.bin'), 'w')
    for (let at = 0; at < LARGE_BYTES; at += MB) await weights.write(randomBytes(MB))
    await weights.close()
    await writeManifest(large, description)
  }, 120_000)
  afterAll(() => azurite.stop())

  test.each(['Azure Blob (Azurite)', 'folder'])(
    'when it is published to %s and pulled, then memory grows by less than 100 MB',
    async (kind) => {
      const isFolder = kind === 'folder'
      const url = isFolder
        ? pathToFileURL(await temporaryFolder()).href
        : `${azurite.url}/models-${randomUUID()}`
      const target = await temporaryFolder()
      const script = join(import.meta.dirname, 'helpers', 'measure-memory.js')
      const { stdout } = await promisify(execFile)(process.execPath, [script, url, small, large, target])
      const { grownBytes, downloadedBytes } = JSON.parse(stdout)
      expect(downloadedBytes).toBeGreaterThan(LARGE_BYTES)
      expect(grownBytes).toBeLessThan(MAX_GROWTH_BYTES)
      await verifyBundle(join(target, 'large'))
    },
    300_000,
  )
})
