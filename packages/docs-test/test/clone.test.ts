import { execFileSync } from 'node:child_process'
import { realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { cloneCheckout } from '../src/clone.js'

const folder = temporaryFolders()
const AS = ['-c', 'user.name=t', '-c', 'user.email=t@example.com']

test("when a checkout is cloned, then its commit is there, and turbo's cache is the checkout's own", async () => {
  const root = await folder()
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root })
  git('init', '--quiet')
  git(...AS, 'commit', '--quiet', '--allow-empty', '--message', 'first')
  writeFileSync(join(root, 'new.txt'), '')
  const clone = await cloneCheckout(root)
  expect(clone).toMatchObject({ uncommitted: 1 })
  expect(realpathSync(join(clone.folder, '.turbo/cache'))).toBe(realpathSync(join(root, '.turbo/cache')))
  clone.close(false)
})
