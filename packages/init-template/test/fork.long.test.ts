import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { env, terminal } from './env.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const folder = temporaryFolders()
const HOUR_MS = 3_600_000
/** Without a way to a cluster, what would be done is only planned. */
const REHEARSE =
  env.CLUSTER_SCRIPT !== undefined && process.getuid?.() === 0
    ? '--event push --approve'
    : '--event push --dry-run'

/** Not those of template.test.ts, which runs in the fork too. */
const NAMES = [
  '--project boots --owner alps --registry alpsboots.azurecr.io --storage-account alpsboots',
  '--resource-group rg-boots --cluster aks-boots --namespaces boots --image boots/app',
  '--github-repository alps/boots',
].join(' ')

function run(cwd: string, command: string): string {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', command], {
    cwd,
    env: terminal,
    encoding: 'utf8',
    maxBuffer: 1e9,
  })
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${(stdout + stderr).slice(-4000)}`)
  return stdout
}

describe('A fork', () => {
  const forks: [string, string][] = [
    ['is renamed', ''],
    [
      'leaves out what it can',
      '--without labs --without github --without azure-pipelines --without sample-model --without bench',
    ],
  ]
  test.each(forks)(
    'when it %s, then lint, types and all tests pass in a fresh clone of it, and it can be rehearsed',
    async (_name, flags) => {
      const copy = join(await folder(), 'boots')
      execFileSync('git', ['clone', '--quiet', root, copy])
      // What a fork leaves as it is was tested here, and is not tested once more.
      mkdirSync(join(copy, '.turbo'))
      symlinkSync(join(root, '.turbo/cache'), join(copy, '.turbo/cache'))
      run(copy, 'npm ci --no-audit --no-fund')
      run(copy, `npm run init-template -- --yes ${NAMES} ${flags}`)
      run(copy, 'npm ci --no-audit --no-fund && npm run lint && npm run typecheck')
      expect(run(copy, 'npm test')).toMatch(/\d+ passed, 0 failed/)
      if (existsSync(join(copy, 'packages/rehearsal'))) run(copy, `npm run rehearse -- ${REHEARSE}`)
    },
    HOUR_MS,
  )
})
