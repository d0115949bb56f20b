import { type Checkout, resolveLink } from './checkout.js'

const ELSEWHERE = /^([a-z][a-z0-9+.-]*:|\/\/)/i

/** Links and images whose file or heading is not there, and paths in code spans that name no file of the repository. */
export function checkLinks(checkout: Checkout): string[] {
  const problems: string[] = []
  for (const [path, { links, spans }] of checkout.documents) {
    for (const { text, line } of links) {
      const problem = ELSEWHERE.test(text) ? undefined : brokenLink(checkout, path, text)
      if (problem !== undefined) problems.push(`${path}:${line}: ${problem}`)
    }
    for (const { text, line } of spans) {
      if (isRepositoryPath(checkout, text) && !exists(checkout, text.replace(/\/$/, ''))) {
        problems.push(`${path}:${line}: \`${text}\` is not in the repository`)
      }
    }
  }
  return problems
}

function brokenLink(checkout: Checkout, from: string, link: string): string | undefined {
  const [target = '', anchor] = link.split('#')
  const path = target === '' ? from : resolveLink(from, target)
  if (path === undefined || !exists(checkout, path)) return `links to ${link}, which is not there`
  const document = checkout.documents.get(path)
  if (anchor === undefined || document === undefined) return undefined
  const found = document.headings.some(({ slug }) => slug === anchor)
  return found ? undefined : `links to ${link}, and ${path} has no such heading`
}

function exists({ files, folders }: Checkout, path: string): boolean {
  return path === '.' || files.has(path) || folders.has(path)
}

/** Does a code span mean a file of ours? It begins with one of our folders, and holds no placeholder or pattern. */
function isRepositoryPath({ folders }: Checkout, span: string): boolean {
  const [first = '', second] = span.split('/')
  const isBuilt = /\/(dist|reports|node_modules)(\/|$)/.test(span)
  return second !== undefined && folders.has(first) && /^[\w./@-]+$/.test(span) && !isBuilt
}
