import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { groupPages, type Page, relativeUrl } from './pages.js'
import { type Rendered, renderMarkdown } from './render.js'
import { escapeHtml, pageHtml } from './template.js'

const assets = fileURLToPath(new URL('../assets', import.meta.url))
const require = createRequire(import.meta.url)
const ELSEWHERE = /^([a-z][a-z0-9+.-]*:|\/\/|#)/i

/**
 * Writes the site of a repository's Markdown.
 * @returns how many pages it has
 */
export async function buildSite(root: string, out: string): Promise<number> {
  await rm(out, { recursive: true, force: true })
  const files = listFiles(root)
  const groups = groupPages(files.filter((path) => path.endsWith('.md')))
  const pages = groups.flatMap((group) => group.pages)
  const site = new Site(root, out, new Map(pages.map((page) => [page.source, page])))
  const rendered = new Map<Page, Rendered>()
  for (const page of pages) {
    const text = await readFile(join(root, page.source), 'utf8')
    rendered.set(
      page,
      renderMarkdown(text, (target) => site.link(page, target)),
    )
  }
  const titles = new Map([...rendered].map(([page, { title }]) => [page.file, title || page.source]))
  for (const [page, content] of rendered) {
    await site.write(page.file, pageHtml(page, content, groups, titles))
  }
  await site.writeSources()
  const sections = [...rendered].flatMap(([page, content]) =>
    content.sections.map(({ title, slug, text }) => ({
      id: `${page.file}#${slug}`,
      page: content.title,
      title,
      text,
    })),
  )
  // A script instead of JSON: pages opened from a folder may not fetch.
  await site.write('assets/search-data.js', `window.searchData=${JSON.stringify(sections)}\n`)
  await cp(assets, join(out, 'assets'), { recursive: true })
  await cp(join(dirname(require.resolve('minisearch')), '../umd/index.js'), join(out, 'assets/minisearch.js'))
  await cp(require.resolve('@mermaid-js/tiny'), join(out, 'assets/mermaid.js'))
  return pages.length
}

class Site {
  /** Files and folders of the repository that pages link to: they are shown as they are, so that no link is dead. */
  readonly #sources = new Set<string>()

  constructor(
    readonly root: string,
    readonly out: string,
    readonly pages: Map<string, Page>,
  ) {}

  link(page: Page, target: string): string {
    if (ELSEWHERE.test(target)) return target
    const [path = '', anchor] = target.split('#')
    const source = posix.normalize(posix.join(posix.dirname(page.source), decodeURI(path))).replace(/\/$/, '')
    const folderPage = this.pages.get(`${source}/README.md`)
    const found = this.pages.get(source) ?? folderPage
    let file = found?.file
    if (file === undefined) {
      this.#sources.add(source)
      file = /\.(png|svg|jpg)$/.test(source) ? `source/${source}` : `source/${source}.html`
    }
    return `${relativeUrl(page.file, file)}${anchor === undefined ? '' : `#${anchor}`}`
  }

  async writeSources(): Promise<void> {
    for (const source of this.#sources) {
      const path = join(this.root, source)
      if (!existsSync(path)) continue
      if (/\.(png|svg|jpg)$/.test(source)) {
        await mkdir(dirname(join(this.out, 'source', source)), { recursive: true })
        await cp(path, join(this.out, 'source', source))
        continue
      }
      const isFolder = statSync(path).isDirectory()
      const text = isFolder ? listFiles(path).join('\n') : await readFile(path, 'utf8')
      const style = relativeUrl(`source/${source}.html`, 'assets/style.css')
      const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${source}</title><link rel="stylesheet" href="${style}"><body class="source"><h1>${source}</h1><pre>${escapeHtml(text)}</pre></body></html>\n`
      await this.write(`source/${source}.html`, html)
    }
  }

  async write(file: string, text: string): Promise<void> {
    const path = join(this.out, file)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
}

function listFiles(folder: string): string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const listed = execFileSync('git', args, { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  return listed.split('\0').filter((path) => path !== '' && existsSync(join(folder, path)))
}
