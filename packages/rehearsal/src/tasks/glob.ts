import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'

const SKIPPED = ['node_modules', '.git']

/** Files below a folder that fit one of the patterns (`*`, `**`, `?`), sorted. node_modules and .git are left out. */
export async function glob(folder: string, patterns: string[]): Promise<string[]> {
  const wanted = patterns.map((each) =>
    toRegExp(relative(folder, join(folder, each.trim().replace(folder, '')))),
  )
  const found: string[] = []
  const walk = async (below: string) => {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      const path = join(below, entry.name)
      if (entry.isDirectory() && !SKIPPED.includes(entry.name)) await walk(path)
      else if (entry.isFile() && wanted.some((each) => each.test(path))) found.push(join(folder, path))
    }
  }
  await walk('')
  return found.sort()
}

function toRegExp(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&')
  const parts: Record<string, string> = { '**/': '(.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]' }
  return new RegExp(`^${escaped.replace(/\*\*\/|\*\*|\*|\?/g, (each) => parts[each] ?? each)}$`)
}
