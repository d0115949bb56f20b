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
  const gone = [...scripts.map((name) => `npm run ${name}`), ...paths].map(
    (name) => new RegExp(`(?<![\\w-])${name.replaceAll('.', '\\.')}(?![\\w:-])`),
  )
  const mentions = (text: string) => gone.some((pattern) => pattern.test(text))
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

/**
 * Rows, list items and sentences about what is gone go too, and blocks that call it; elsewhere a dead link becomes its
 * words.
 */
function withoutDeadLinks(tree: Tree, file: string, mentions: (text: string) => boolean): string {
  const isDead = (target: string) => {
    if (/^([a-z]+:|#)/.test(target)) return false
    const path = posix.normalize(posix.join(posix.dirname(file), target.split('#')[0] ?? ''))
    return !tree.has(path.replace(/\/$/, ''))
  }
  const LINK = /!?\[([^\]]*)\]\(([^)\s]+)\)/g
  // A dot within code or a word ends none.
  const SENTENCE = /(?:`[^`\n]*`|\.(?=\S)|[^.。`|\n])+(?:\.(?!\S)|。) ?/g
  const BLOCK = /^```[\s\S]*?^```\n*/gm
  // What a row or item is about stands first.
  const isAboutGone = (line: string) => {
    const [first] = line.matchAll(LINK)
    return first === undefined ? mentions(line) : isDead(first[2] ?? '')
  }
  const prose = (text: string) =>
    dropLines(text, (line) => /^\s*(\||[-*] |\d+\. )/.test(line) && isAboutGone(line))
      .replace(LINK, (link, words: string, target: string) => (isDead(target) ? words : link))
      .replace(SENTENCE, (sentence) => (sentence.includes('`') && mentions(sentence) ? '' : sentence))
  const text = tree.read(file)
  const blocks = [...text.matchAll(BLOCK)].map(([block]) => (mentions(block) ? '' : block))
  return renumber(
    text
      .split(BLOCK)
      .map((part, index) => prose(part) + (blocks[index] ?? ''))
      .join(''),
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
