import { parseArgs } from 'node:util'
import { DocsError } from './errors.js'

export const help = `npm run docs:test                        checks what the docs refer to, then runs their commands in a clean clone
npm run docs:test -- --check             the references only: takes a second
npm run docs:test -- --write             renews docs/reference.md, then as --check
npm run docs:test -- --only <file>       the commands of one document; may be repeated
npm run docs:test -- --list              every block, and what would become of it
npm run docs:test -- --ran "<command>=<log>"
                                         this CI run has run the command already, and this is its output: it is
                                         compared and not run again; may be repeated
npm run docs:test -- --keep              leaves the clone for a look
`

export interface Options {
  check: boolean
  write: boolean
  list: boolean
  keep: boolean
  only: string[]
  /** Command -> file of its output. */
  ran: Map<string, string>
}

/** @returns undefined when help is wanted. @throws DocsError for wrong usage */
export function parseOptions(args: string[]): Options | undefined {
  const flag = { type: 'boolean' } as const
  const texts = { type: 'string', multiple: true } as const
  try {
    const { values } = parseArgs({
      args,
      options: { check: flag, write: flag, list: flag, keep: flag, help: flag, only: texts, ran: texts },
    })
    if (values.help) return undefined
    const { write = false, check = write, list = false, keep = false, only = [], ran = [] } = values
    return { check, write, list, keep, only, ran: new Map(ran.map(commandAndLog)) }
  } catch (error) {
    if (error instanceof DocsError) throw error
    throw new DocsError(`${(error as Error).message}\n\n${help}`)
  }
}

function commandAndLog(text: string): [string, string] {
  const at = text.lastIndexOf('=')
  if (at <= 0) throw new DocsError(`--ran wants "<command>=<log>", and got: ${text}`)
  return [text.slice(0, at), text.slice(at + 1)]
}
