import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

export interface Clone {
  /** The clone, in a folder of the same name as the checkout. */
  folder: string
  /** A folder beside it for the sessions' own files. */
  scratch: string
  /** Files that differ from the commit, and so are not tested. */
  uncommitted: number
  /** Puts the tree back to the commit; what git ignores stays. */
  reset(): void
  /** Ends a cluster that a document left running, and removes the clone unless it is to be kept. */
  close(keep: boolean): void
}

/** Clones the checkout's HEAD into a temporary folder. */
export async function cloneCheckout(root: string): Promise<Clone> {
  const top = await mkdtemp(join(tmpdir(), 'docs-test-'))
  const folder = join(top, basename(root))
  const scratch = join(top, 'session')
  await mkdir(scratch)
  git(root, 'clone', '--quiet', root, folder)
  const uncommitted = git(root, 'status', '--porcelain')
    .split('\n')
    .filter((line) => line !== '').length
  const commit = git(folder, 'rev-parse', 'HEAD').trim()
  return {
    folder,
    scratch,
    uncommitted,
    reset() {
      git(folder, 'checkout', '--quiet', '--force', '--detach', commit)
      git(folder, 'clean', '--quiet', '--force', '-d')
    },
    close(keep) {
      if (existsSync(join(folder, '.local/cluster/state.json'))) {
        spawnSync(process.execPath, ['deploy/local/bin/cluster.js', 'down'], {
          cwd: folder,
          stdio: 'inherit',
        })
      }
      if (!keep) rmSync(top, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

/**
 * What blocks find set. Turbo's cache is the checkout's: what CI has just built and tested, from the same inputs, is not
 * done once more.
 */
export function cloneEnvironment(root: string): Record<string, string> {
  const cache = join(root, '.turbo/cache')
  return {
    ...(existsSync(cache) ? { TURBO_CACHE_DIR: cache } : {}),
    GIT_AUTHOR_NAME: 'Reader',
    GIT_AUTHOR_EMAIL: 'reader@example.com',
    GIT_COMMITTER_NAME: 'Reader',
    GIT_COMMITTER_EMAIL: 'reader@example.com',
  }
}

function git(folder: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd: folder, encoding: 'utf8' })
}
