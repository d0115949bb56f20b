import { DocsError } from './errors.js'
import type { CodeBlock, MarkdownDocument } from './markdown.js'

export const NEEDS = ['engine', 'cluster', 'az'] as const
export type Need = (typeof NEEDS)[number]

/** A command that a reader types, and what the document shows of its output. */
export interface Step {
  /** The document's path and the fence's line, such as `README.md:33`. */
  at: string
  command: string
  /** The text of the ```text block that follows. */
  shown: string | undefined
  /** It runs on in its terminal while the reader goes on in another. */
  background: boolean
  /** The text before it says that the reader presses Ctrl-C in that terminal. */
  stopBefore: boolean
  skip: string | undefined
  needs: Need[]
  /** Azure's track runs against a stand-in for `az` that parses arguments as the real one does. */
  track: 'laptop' | 'azure'
  exit: number
  timeoutSeconds: number
}

const WORD = /([a-z]+)(?:=(?:"([^"]*)"|(\S+)))?(?:\s+|$)/y

/**
 * The bash blocks of a document, with the directives of their fences: ```bash background needs=cluster skip="why"
 * @throws DocsError for an unknown directive or value
 */
export function stepsOf(path: string, { blocks }: MarkdownDocument): Step[] {
  return blocks.flatMap((block, index) => {
    if (block.language !== 'bash') return []
    const next = blocks[index + 1]
    return [stepOf(`${path}:${block.line}`, block, next?.language === 'text' ? next.content : undefined)]
  })
}

function stepOf(at: string, block: CodeBlock, shown: string | undefined): Step {
  const words = directives(at, block.info)
  const take = (name: string): string | undefined => {
    const value = words.get(name)
    words.delete(name)
    return value
  }
  const step: Step = {
    at,
    command: block.content,
    shown,
    background: take('background') !== undefined,
    stopBefore: block.before.includes('Ctrl-C'),
    skip: take('skip'),
    needs: (take('needs')?.split(',') ?? []).map((need) => oneOf(at, 'needs', need, NEEDS)),
    track: oneOf(at, 'track', take('track') ?? 'laptop', ['laptop', 'azure'] as const),
    exit: Number(take('exit') ?? 0),
    timeoutSeconds: Number(take('timeout') ?? 600),
  }
  const [unknown] = words.keys()
  if (unknown !== undefined) {
    throw new DocsError(
      `${at}: "${unknown}" is no directive; there are background, skip, needs, track, exit and timeout`,
    )
  }
  if (step.skip === '') throw new DocsError(`${at}: skip needs a reason: skip="..."`)
  return step
}

function directives(at: string, info: string): Map<string, string> {
  const words = new Map<string, string>()
  WORD.lastIndex = 0
  while (WORD.lastIndex < info.length) {
    const from = WORD.lastIndex
    const match = WORD.exec(info)
    if (match === null) throw new DocsError(`${at}: cannot read the directives from: ${info.slice(from)}`)
    words.set(match[1] ?? '', match[2] ?? match[3] ?? '')
  }
  return words
}

function oneOf<T extends string>(at: string, name: string, value: string, values: readonly T[]): T {
  const found = values.find((one) => one === value)
  if (found === undefined) throw new DocsError(`${at}: ${name}=${value} is none of ${values.join(', ')}`)
  return found
}
