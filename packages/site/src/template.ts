import { type Group, type Page, relativeUrl } from './pages.js'
import type { Rendered } from './render.js'

/** A whole page. Every address in it is relative, so that it opens from a folder and below any path. */
export function pageHtml(
  page: Page,
  rendered: Rendered,
  groups: Group[],
  titles: Map<string, string>,
): string {
  const to = (file: string) => relativeUrl(page.file, file)
  const all = groups.flatMap(({ pages }) => pages)
  const title = escapeHtml(rendered.title || page.source)
  const menu = groups.map(
    (group) =>
      `<h2>${escapeHtml(group.title)}</h2><ul>${group.pages
        .map((other) => {
          const current = other.file === page.file ? ' aria-current="page"' : ''
          return `<li><a href="${to(other.file)}"${current}>${escapeHtml(titles.get(other.file) ?? other.source)}</a></li>`
        })
        .join('')}</ul>`,
  )
  const neighbour = (step: number, mark: (title: string) => string) => {
    const other = all[all.indexOf(page) + step]
    if (other === undefined) return '<span></span>'
    return `<a href="${to(other.file)}">${mark(escapeHtml(titles.get(other.file) ?? other.source))}</a>`
  }
  const contents = rendered.contents.map(
    ({ title, slug }) => `<li><a href="#${slug}">${escapeHtml(title)}</a></li>`,
  )
  const diagrams = rendered.hasDiagrams ? `<script src="${to('assets/mermaid.js')}"></script>` : ''
  return `<!doctype html>
<html lang="${page.source.includes('zh-CN') ? 'zh-CN' : 'en'}" data-root="${to('index.html').replace('index.html', '')}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="${to('assets/style.css')}">
</head>
<body>
<a class="skip" href="#content">Skip to the text</a>
<header>
<a class="home" href="${to('index.html')}">${escapeHtml(titles.get('index.html') ?? 'Docs')}</a>
<form role="search"><input type="search" name="q" placeholder="Search" aria-label="Search" autocomplete="off"><ol id="results" hidden></ol></form>
</header>
<nav aria-label="Pages"><details><summary>Menu</summary>${menu.join('')}</details></nav>
<main id="content">
${contents.length > 2 ? `<details class="contents"><summary>On this page</summary><ul>${contents.join('')}</ul></details>` : ''}
${rendered.html}
<footer>${neighbour(-1, (name) => `← ${name}`)}${neighbour(1, (name) => `${name} →`)}</footer>
</main>
<script src="${to('assets/minisearch.js')}"></script>
<script src="${to('assets/search-data.js')}"></script>
${diagrams}
<script src="${to('assets/client.js')}"></script>
</body>
</html>
`
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
