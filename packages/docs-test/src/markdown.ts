import MarkdownIt, { type Token } from 'markdown-it'

export interface CodeBlock {
  /** The first word of the fence's info string. */
  language: string
  /** The rest of it: directives. */
  info: string
  content: string
  /** The line of the fence, counted from 1. */
  line: number
  /** The text between the block before (or the document's start) and this one. */
  before: string
}

export interface Located {
  text: string
  line: number
}

export interface MarkdownDocument {
  blocks: CodeBlock[]
  /** Targets of links and images, as they are written. */
  links: Located[]
  /** The content of `code spans`. */
  spans: Located[]
  headings: (Located & { level: number; slug: string })[]
}

/** Takes a Markdown text apart. */
export function parseMarkdown(text: string): MarkdownDocument {
  const document: MarkdownDocument = { blocks: [], links: [], spans: [], headings: [] }
  const slugs = new Slugs()
  let before = ''
  let heading: number | undefined
  for (const token of new MarkdownIt({ html: true }).parse(text, {})) {
    const line = (token.map?.[0] ?? 0) + 1
    if (token.type === 'fence') {
      const [, language = '', info = ''] = /^(\S*)\s*(.*)$/s.exec(token.info.trim()) ?? []
      document.blocks.push({ language, info, content: token.content, line, before })
      before = ''
    } else if (token.type === 'heading_open') {
      heading = Number(token.tag.slice(1))
    } else if (token.type === 'inline') {
      before += `${token.content}\n`
      collect(document, token.children ?? [], line)
      if (heading !== undefined) {
        const title = plainText(token.children ?? [])
        document.headings.push({ text: title, line, level: heading, slug: slugs.next(title) })
        heading = undefined
      }
    }
  }
  return document
}

function collect(document: MarkdownDocument, tokens: Token[], line: number): void {
  let at = line
  for (const token of tokens) {
    if (token.type === 'softbreak' || token.type === 'hardbreak') at++
    const target = token.attrGet('href') ?? token.attrGet('src')
    if (target !== null) document.links.push({ text: decodeURI(String(target)), line: at })
    if (token.type === 'code_inline') document.spans.push({ text: token.content, line: at })
  }
}

function plainText(tokens: Token[]): string {
  return tokens
    .filter(({ type }) => type === 'text' || type === 'code_inline')
    .map(({ content }) => content)
    .join('')
}

/** Headings' anchors, as GitHub makes them; a title that comes again gets a number. */
export class Slugs {
  readonly #seen = new Map<string, number>()

  next(title: string): string {
    const slug = title
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
      .replaceAll(' ', '-')
    const count = this.#seen.get(slug) ?? 0
    this.#seen.set(slug, count + 1)
    return count === 0 ? slug : `${slug}-${count}`
  }
}
