import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { type MarkdownDocument, parseMarkdown } from '../markdown.js'

/** The files of a checkout that git knows or would take up, and its parsed Markdown. */
export interface Checkout {
  root: string
  files: Set<string>
  /** Every folder that holds a file. */
  folders: Set<string>
  documents: Map<string, MarkdownDocument>
  read(path: string): string
}

export function openCheckout(root: string): Checkout {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const files = new Set(listed.split('\0').filter((path) => path !== '' && existsSync(join(root, path))))
  const folders = new Set<string>()
  for (const file of files) {
    for (let folder = dirname(file); folder !== '.'; folder = dirname(folder)) folders.add(folder)
  }
  const read = (path: string) => readFileSync(join(root, path), 'utf8')
  const markdown = [...files].filter((path) => path.endsWith('.md'))
  const documents = new Map(markdown.map((path) => [path, parseMarkdown(read(path))]))
  return { root, files, folders, documents, read }
}

/** The path that a link means, from the checkout's top; `undefined` for one that leads out of it. */
export function resolveLink(from: string, target: string): string | undefined {
  const path = normalize(target.startsWith('/') ? target.slice(1) : join(dirname(from), target))
  if (path.startsWith('..')) return undefined
  return path.replace(/\/$/, '')
}
