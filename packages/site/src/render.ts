import { Slugs } from '@repo/docs-test/markdown'
import MarkdownIt from 'markdown-it'

/** A part of a page, from a heading to the next: what a search finds. */
export interface Section {
  title: string
  slug: string
  text: string
}

export interface Rendered {
  title: string
  html: string
  sections: Section[]
  /** Headings of the second level. */
  contents: { title: string; slug: string }[]
  hasDiagrams: boolean
}

/** @param link rewrites the target of a link or an image */
export function renderMarkdown(text: string, link: (target: string) => string): Rendered {
  const markdown = new MarkdownIt({ html: true })
  const { escapeHtml } = markdown.utils
  const slugs = new Slugs()
  const rendered: Rendered = { title: '', html: '', sections: [], contents: [], hasDiagrams: false }
  const tokens = markdown.parse(text, {})
  for (const [index, token] of tokens.entries()) {
    const content = tokens[index + 1]?.content ?? ''
    if (token.type === 'heading_open') {
      const title = content.replaceAll('`', '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      const slug = slugs.next(title)
      token.attrSet('id', slug)
      rendered.sections.push({ title, slug, text: '' })
      if (token.tag === 'h1') rendered.title ||= title
      if (token.tag === 'h2') rendered.contents.push({ title, slug })
    }
    for (const part of [token, ...(token.children ?? [])]) {
      if (part.type === 'html_block' || part.type === 'html_inline') {
        part.content = part.content.replace(
          /\b(href|src)="([^"]*)"/g,
          (_all, name: string, target: string) => `${name}="${link(target)}"`,
        )
      }
      for (const name of ['href', 'src']) {
        const target = part.attrGet(name)
        if (target !== null) part.attrSet(name, link(String(target)))
      }
    }
    const section = rendered.sections.at(-1)
    const isHeading = tokens[index - 1]?.type === 'heading_open'
    if (section !== undefined && !isHeading && (token.type === 'inline' || token.type === 'fence')) {
      section.text += `${token.content}\n`
    }
  }
  const { fence } = markdown.renderer.rules
  markdown.renderer.rules.fence = (...args) => {
    const token = args[0][args[1]]
    if (token?.info.trim() === 'mermaid') {
      rendered.hasDiagrams = true
      return `<pre class="mermaid">${escapeHtml(token.content)}</pre>\n`
    }
    // Directives for the docs' tests are no class names.
    if (token !== undefined) token.info = token.info.trim().split(/\s/)[0] ?? ''
    return fence?.(...args) ?? ''
  }
  markdown.renderer.rules.table_open = () => '<div class="table"><table>\n'
  markdown.renderer.rules.table_close = () => '</table></div>\n'
  rendered.html = markdown.renderer.render(tokens, markdown.options, {})
  return rendered
}
