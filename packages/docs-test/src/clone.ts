import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { readersEnvironment } from './env.js'

export interface Clone {
  /** The clone, in a folder of the same name as the checkout. */
  folder: string
  /** A folder beside it for the sessions' own files. */
  scratch: string
  /** Files that differ from the commit, and so are not tested. */
  uncommitted: number
  isInstalled(): boolean
  /** What a reader of the pages before has done. */
  install(): void
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
  shareTurboCache(root, folder)
  const uncommitted = git(root, 'status', '--porcelain')
    .split('\n')
    .filter((line) => line !== '').length
  const commit = git(folder, 'rev-parse', 'HEAD').trim()
  return {
    folder,
    scratch,
    uncommitted,
    isInstalled: () => existsSync(join(folder, 'node_modules/.package-lock.json')),
    install: () =>
      execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, env: readersEnvironment() }),
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

/** What CI has just built and tested, from the same inputs, is not done once more, also not by a rehearsal in the clone. */
function shareTurboCache(root: string, folder: string): void {
  const cache = join(root, '.turbo/cache')
  mkdirSync(cache, { recursive: true })
  mkdirSync(join(folder, '.turbo'))
  symlinkSync(cache, join(folder, '.turbo/cache'))
}

function git(folder: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd: folder, encoding: 'utf8' })
}
