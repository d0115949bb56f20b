import { posix } from 'node:path'
import { PARTS, type Part, withTheirOwn } from './parts.js'
import type { Tree } from './tree.js'

interface PackageJson {
  scripts: Record<string, string>
}
interface Lockfile {
  packages: Record<string, { resolved?: string }>
}

type Mentions = (text: string) => boolean

/** Removes parts, and what mentions them: npm scripts, the lockfile's workspaces, steps of CI, links in Markdown. */
export function leaveOut(tree: Tree, chosen: Part[]): void {
  const parts = withTheirOwn(chosen)
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
  const gone = [
    ...scripts.map((name) => `npm run (--?\\S+ )*${name}`),
    ...paths.map((path) => path.replaceAll('.', '\\.')),
  ].map((pattern) => new RegExp(`(?<![\\w-])${pattern}(?![\\w:-])`))
  const mentions: Mentions = (text) => gone.some((pattern) => pattern.test(text))
  for (const file of tree.files) {
    if (file.endsWith('.md')) tree.write(file, withoutDeadLinks(tree, file, mentions))
    else if (/^\.github\/.*\.ya?ml$/.test(file)) tree.write(file, withoutSteps(tree.read(file), mentions))
    else if (file === '.ci/run') tree.write(file, dropCommented(tree.read(file), mentions))
    else if (file === '.dockerignore') tree.write(file, dropLines(tree.read(file), mentions))
    // Of scripts the comments only: code that can do without a part looks whether it is there.
    else if (file.endsWith('.sh')) {
      const isGone: Mentions = (line) => /^\s*#/.test(line) && mentions(line)
      tree.write(file, dropLines(tree.read(file), isGone))
    }
  }
}

function editJson<T>(tree: Tree, path: string, edit: (json: T) => void): void {
  const json = JSON.parse(tree.read(path)) as T
  edit(json)
  tree.write(path, `${JSON.stringify(json, null, 2)}\n`)
}

function dropLines(text: string, isGone: Mentions): string {
  return text
    .split('\n')
    .filter((line) => !isGone(line))
    .join('\n')
}

/** Drops lines, each with the comment above it. */
function dropCommented(text: string, isGone: Mentions): string {
  const kept: string[] = []
  for (const line of text.split('\n')) {
    if (!isGone(line)) kept.push(line)
    else while (isComment(kept.at(-1))) kept.pop()
  }
  return kept.join('\n')
}

const indentOf = (line = '') => line.search(/\S/)
const isComment = (line = '') => /^\s*#/.test(line)

/** A workflow without the steps, or other items of lists, that mention what is gone; of a script of many lines the line. */
function withoutSteps(text: string, mentions: Mentions): string {
  const lines = text.split('\n')
  const dropped = new Set<number>()
  for (const [at, line] of lines.entries()) {
    if (!mentions(line)) continue
    dropped.add(at)
    if (isComment(line) || isOneOfScript(lines, at, mentions)) continue
    let first = startOfItem(lines, at)
    const indent = indentOf(lines[first])
    const end = endOf(lines, first, indent)
    while (isComment(lines[first - 1]) && indentOf(lines[first - 1]) === indent) first--
    for (let each = first; each < end; each++) dropped.add(each)
  }
  return lines.filter((_line, at) => !dropped.has(at)).join('\n')
}

/** The line behind what belongs to the one at `at`: what follows and is further in than `indent`, without empty lines. */
function endOf(lines: string[], at: number, indent: number): number {
  let end = at + 1
  for (let next = end; next < lines.length; next++) {
    const own = indentOf(lines[next])
    if (own >= 0 && own <= indent) break
    if (own >= 0) end = next + 1
  }
  return end
}

/** The first line of the list item that the line at `at` is in; `at` when it is in none. */
function startOfItem(lines: string[], at: number): number {
  let indent = indentOf(lines[at]) + 1
  for (let above = at; above >= 0; above--) {
    const line = lines[above] ?? ''
    const own = indentOf(line)
    if (own < 0 || own >= indent) continue
    if (line.startsWith('- ', own)) return above
    indent = own
  }
  return at
}

/** Is it a line of a block of text (`run: |`) that has others, which stay? */
function isOneOfScript(lines: string[], at: number, mentions: Mentions): boolean {
  const indent = indentOf(lines[at])
  const isHead = (line: string, above: number) => above < at && indentOf(line) >= 0 && indentOf(line) < indent
  const head = lines.findLastIndex(isHead)
  if (!/:\s*[|>][+-]?$/.test(lines[head] ?? '')) return false
  return lines
    .slice(head + 1, endOf(lines, head, indent - 1))
    .some((line) => line.trim() !== '' && !mentions(line))
}

/** Stands before the words of what was a link until now. */
const DEAD = '\uE000'

/**
 * Rows, list items, sentences and sections about what is gone go too, and commands that call it; elsewhere a dead link
 * becomes its words.
 */
function withoutDeadLinks(tree: Tree, file: string, mentions: Mentions): string {
  const isDead = (target: string) => {
    if (/^([a-z]+:|#)/.test(target)) return false
    const path = posix.normalize(posix.join(posix.dirname(file), target.split('#')[0] ?? ''))
    return !tree.has(path.replace(/\/$/, ''))
  }
  const LINK = /!?\[([^\]]*)\]\(([^)\s]+)\)/g
  // One of several links, between what parts them.
  const MEMBER = new RegExp(
    `(?:[;,] | · |[，；、])${DEAD}(?:[^${DEAD}|·;,.，；、（\\n]|\\.(?=\\S))+(?:（${DEAD}[^）]*）)?(?= · | \\||[;,，；、]|$)`,
    'gm',
  )
  const CLAUSE = /(?:; |；)[^|;；\n]*(?= \|)/g
  // A dot within code or a word ends none.
  const SENTENCE = /(?:`[^`\n]*`|\.(?=\S)|[^.。`|\n])+(?:\.(?!\S)|。) ?/g
  const BLOCK = /^```[\s\S]*?^```\n*/gm
  // A link whose words are a file's name.
  const FILE = new RegExp(`${DEAD}(\`|[\\w./-]+\\.[a-z]+(?!\\w))`)
  // What a row is about is its first link; what an item is about stands at its beginning.
  const isAboutGone = (line: string) => {
    const [, mark] = /^\s*(\||[-*] |\d+\. )/.exec(line) ?? []
    const [first] = line.matchAll(LINK)
    if (mark === undefined) return false
    if (first === undefined) return mentions(line)
    return (mark === '|' || /^\s*\S+ \[/.test(line)) && isDead(first[2] ?? '')
  }
  const isNamed = (words: string) =>
    FILE.test(words) || ((words.includes('`') || words.includes(DEAD)) && mentions(words))
  const unlessNamed = (words: string) => (isNamed(words) ? '' : words)
  const prose = (text: string) =>
    dropLines(text, isAboutGone)
      .replace(LINK, (link, words: string, target: string) => (isDead(target) ? DEAD + words : link))
      .replace(MEMBER, '')
      .replace(CLAUSE, unlessNamed)
      .replace(SENTENCE, unlessNamed)
      .replaceAll(DEAD, '')
  // A section that begins with a link is about what it leads to.
  const text = tree
    .read(file)
    .split(/^(?=#{2,} )/m)
    .filter((section) => !isDead(/^#{2,} .*\n+\[[^\]]*\]\(([^)\s]+)\)/.exec(section)?.[1] ?? '#'))
    .join('')
  const blocks = [...text.matchAll(BLOCK)].map(([block]) => withoutCommands(block, mentions))
  return renumber(
    text
      .split(BLOCK)
      .map((part, index) => prose(part) + (blocks[index] ?? ''))
      .join(''),
  )
}

/** A block of commands without those that mention what is gone; a block in which no command stays goes as a whole. */
function withoutCommands(block: string, mentions: Mentions): string {
  if (!mentions(block)) return block
  const [, head = '', body = '', end = ''] = /^(.*\n)([\s\S]*?)(^```\n*)$/m.exec(block) ?? []
  // What a here-document holds is no command.
  if (!/^```(ba)?sh\b/.test(head) || mentions(head) || body.includes('<<')) return ''
  const commands = body.match(/(?:.*\\\n)*.*\n/g) ?? []
  const kept = commands.filter((command) => !mentions(command))
  return kept.some((command) => /^\s*[^#\s]/.test(command)) ? head + kept.join('') + end : ''
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
