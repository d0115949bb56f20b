import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { checkAll } from '../src/check.js'

const cli = fileURLToPath(new URL('../bin/check-pipelines.js', import.meta.url))
const folder = temporaryFolders()

test('when check:pipelines finds nothing, then it says so and exits with 0', () => {
  const { status, stdout, stderr } = spawnSync('node', [cli], { encoding: 'utf8' })
  expect({ status, stdout, stderr }).toMatchObject({ status: 0, stdout: 'The pipelines are in order.\n' })
})

test('when there are no pipelines at all, then that is a finding for each, and no crash', async () => {
  const { findings } = await checkAll(await folder())
  expect(findings.map(({ message }) => message)).toContain('there is no file azure-pipelines/build.yml')
})
