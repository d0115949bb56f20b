import { readFileSync } from 'node:fs'
import { isScalar, LineCounter, type Node, parseDocument } from 'yaml'
import { PipelineError, type Position } from './errors.js'

/** A YAML file whose nodes know where they stand. Every scalar is a string, as Azure Pipelines reads it. */
export interface YamlFile {
  /** As errors show it. */
  name: string
  root: Node | null
  at(node: unknown): Position
}

/**
 * Reads a YAML file.
 * @param name how errors name the file
 * @throws PipelineError when it is no YAML
 */
export function readYaml(path: string, name: string): YamlFile {
  const lineCounter = new LineCounter()
  const options = { schema: 'failsafe', uniqueKeys: false, lineCounter, prettyErrors: false } as const
  const document = parseDocument(readFileSync(path, 'utf8'), options)
  const position = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset)
    return { file: name, line: line || 1, column: col || 1 }
  }
  const [error] = document.errors
  if (error) throw new PipelineError(error.message, position(error.pos[0]))
  return {
    name,
    root: document.contents,
    at: (node) => position((node as Node | undefined)?.range?.[0] ?? 0),
  }
}

/** The text of a scalar; an empty value is an empty text. */
export function scalarText(node: unknown): string | undefined {
  if (node === null || node === undefined) return ''
  return isScalar(node) ? String(node.value ?? '') : undefined
}
