import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { open as openFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, jest, test } from '@jest/globals'
import { verifyBundle, writeManifest } from '@repo/model-bundle'
import { temporaryFolders } from '@repo/testing'
import { isLong } from './env.js'
import { writeBundle } from './helpers/bundles.js'
import { describeStores } from './helpers/stores.js'

const temporaryFolder = temporaryFolders()
const MB = 1_000_000
const LARGE_BYTES = (isLong ? 1000 : 256) * MB
const MAX_GROWTH_BYTES = 100 * MB
// A bare download of that size grows by 40 to 60 MB: buffers that wait for the garbage collector, which comes later on
// a machine that has other things to do.
jest.retryTimes(2)

describeStores(`a model of ${LARGE_BYTES / MB} MB`, temporaryFolder, (open) => {
  test('when it is published and pulled, then memory grows by less than 100 MB', async () => {
    const small = await temporaryFolder()
    await writeBundle(small, { name: 'small' })
    const large = await temporaryFolder()
    const { files: _, ...description } = await writeBundle(large, { name: 'large' })
    const weights = await openFile(join(large, 'weights.bin'), 'w')
    for (let at = 0; at < LARGE_BYTES; at += MB) await weights.write(randomBytes(MB))
    await weights.close()
    await writeManifest(large, description)
    const { url, env } = await open()
    const target = await temporaryFolder()
    const script = join(import.meta.dirname, 'helpers', 'measure-memory.js')
    const { stdout } = await promisify(execFile)(process.execPath, [script, url, small, large, target], {
      env,
    })
    const { grownBytes, downloadedBytes } = JSON.parse(stdout)
    expect(downloadedBytes).toBeGreaterThan(LARGE_BYTES)
    expect(grownBytes).toBeLessThan(MAX_GROWTH_BYTES)
    await verifyBundle(join(target, 'large'))
  }, 300_000)
})
