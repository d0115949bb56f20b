import { dirname, posix } from 'node:path'

export interface Page {
  /** Where it stands in the repository. */
  source: string
  /** Where it stands in the site. */
  file: string
}

export interface Group {
  title: string
  pages: Page[]
}

/** The menu: the first pattern that fits a file says where it stands, and in which order. */
const GROUPS: [string, RegExp[]][] = [
  ['Start', [/^README\.md$/, /^docs\/tutorial\.md$/, /^docs\/customise\.md$/, /^docs\/troubleshooting\.md$/]],
  ['Labs', [/^docs\/labs\/README\.md$/, /^docs\/labs\/[^/]+\.md$/]],
  ['Reference', [/^docs\/[^/]+\.md$/, /^deploy\/.*\.md$/, /^packages\/[^/]+\/README\.md$/]],
  ['Project', [/^CONTRIBUTING\.md$/, /^SECURITY\.md$/]],
  ['中文', [/^README\.zh-CN\.md$/, /^docs\/zh-CN\/.*\.md$/]],
]

/** Puts Markdown files into the menu's groups; those that fit none are left out. */
export function groupPages(files: Iterable<string>): Group[] {
  const left = new Set([...files].sort())
  const taken = new Map<string, Page[]>(GROUPS.map(([title]) => [title, []]))
  for (const [title, patterns] of GROUPS) {
    for (const pattern of patterns) {
      for (const source of left) {
        if (!pattern.test(source)) continue
        taken.get(title)?.push({ source, file: siteFile(source) })
        left.delete(source)
      }
    }
  }
  return [...taken].map(([title, pages]) => ({ title, pages })).filter(({ pages }) => pages.length > 0)
}

/** `docs/a.md` -> `docs/a.html`; a folder's README is its index. */
function siteFile(source: string): string {
  return source.replace(/README\.md$/, 'index.md').replace(/\.md$/, '.html')
}

/** The address of one of the site's files as seen from another. */
export function relativeUrl(from: string, to: string): string {
  return posix.relative(dirname(from), to) || posix.basename(to)
}
