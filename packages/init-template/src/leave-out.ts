import { posix } from 'node:path'
import { PARTS, type Part } from './parts.js'
import type { Tree } from './tree.js'

interface PackageJson {
  scripts: Record<string, string>
}
interface Lockfile {
  packages: Record<string, { resolved?: string }>
}

/** Removes parts, and what mentions them: npm scripts, the lockfile's workspaces, lines of CI, links in Markdown. */
export function leaveOut(tree: Tree, parts: Part[]): void {
  const paths = parts
    .flatMap((part) => PARTS[part].paths as readonly string[])
    .filter((path) => tree.has(path))
  if (paths.length === 0) return
  for (const path of paths) tree.remove(path)
  const scripts = parts.flatMap((part) => PARTS[part].npmScripts as readonly string[])
  editJson<PackageJson>(tree, 'package.json', (json) => {
    for (const name of scripts) delete json.scripts[name]
  })
  editJson<Lockfile>(tree, 'package-lock.json', ({ packages }) => {
    for (const [name, { resolved = '' }] of Object.entries(packages)) {
      if (paths.some((path) => name === path || name.startsWith(`${path}/`) || resolved === path))
        delete packages[name]
    }
  })
  const mentions = (text: string) =>
    scripts.some((name) => new RegExp(`npm run ${name}(?![\\w:-])`).test(text)) ||
    paths.some((path) => text.includes(path))
  if (tree.has('.ci/run')) {
    tree.write('.ci/run', dropLines(tree.read('.ci/run'), mentions))
  }
  for (const file of tree.files.filter((path) => path.endsWith('.md'))) {
    tree.write(file, withoutDeadLinks(tree, file, mentions))
  }
}

function editJson<T>(tree: Tree, path: string, edit: (json: T) => void): void {
  const json = JSON.parse(tree.read(path)) as T
  edit(json)
  tree.write(path, `${JSON.stringify(json, null, 2)}\n`)
}

function dropLines(text: string, isGone: (line: string) => boolean): string {
  return text
    .split('\n')
    .filter((line) => !isGone(line))
    .join('\n')
}

/** Rows and list items about what is gone go too; in running text a dead link becomes its words. */
function withoutDeadLinks(tree: Tree, file: string, mentions: (text: string) => boolean): string {
  const isDead = (target: string) => {
    if (/^([a-z]+:|#)/.test(target)) return false
    const path = posix.normalize(posix.join(posix.dirname(file), target.split('#')[0] ?? ''))
    return !tree.has(path.replace(/\/$/, ''))
  }
  const LINK = /!?\[([^\]]*)\]\(([^)\s]+)\)/g
  const hasDeadLink = (line: string) => [...line.matchAll(LINK)].some(([, , target = '']) => isDead(target))
  const kept = dropLines(
    tree.read(file),
    (line) => /^\s*(\||[-*] |\d+\. )/.test(line) && (hasDeadLink(line) || mentions(line)),
  )
  return renumber(
    kept.replace(LINK, (link, words: string, target: string) => (isDead(target) ? words : link)),
  )
}

/** Numbered lists that lost an item. */
function renumber(text: string): string {
  let count = 0
  return text
    .split('\n')
    .map((line) => {
      const item = /^\d+\. /.test(line)
      count = item ? (line.startsWith('1. ') ? 1 : count + 1) : line === '' || /^\s/.test(line) ? count : 0
      return item && count > 0 ? line.replace(/^\d+/, String(count)) : line
    })
    .join('\n')
}
