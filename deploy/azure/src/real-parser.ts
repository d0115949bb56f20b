import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { env } from './env.js'

/** The folder of a Debian with the real Azure CLI, or undefined when `AZ_PARSER_ROOT` is not set. */
export const parserRoot: string | undefined = env.AZ_PARSER_ROOT

export interface Verdict {
  args: string[]
  /** Whether the parser takes it; whether Azure would is another matter. */
  right: boolean
  message: string
}

/**
 * Asks the parser of the real Azure CLI about command lines, all in one process. Takes about half a second for each.
 * @throws Error when the parser can't be run: it takes root and the folder of parser/setup.sh
 */
export function askRealParser(root: string, commandLines: string[][]): Verdict[] {
  const answers = python(root, 'check', commandLines.map((args) => `${JSON.stringify(args)}\n`).join(''))
  return commandLines.map((args, index) => {
    const [code, message] = JSON.parse(answers[index] ?? '[1, "no answer"]') as [number, string]
    return { args, right: code === 0 || (code === 1 && message.includes('az login')), message }
  })
}

/** The options of commands in the form of parser/commands.jsonl, from the real Azure CLI. */
export function readRealTable(root: string, commands: string[]): string {
  return `${python(root, 'table', commands.join('\n')).join('\n')}\n`
}

/**
 * One command line for each form: the same command with the same options and the same short values is asked about once.
 * Ids and names differ from run to run and mean nothing to a parser.
 */
export function distinct(commandLines: string[][]): string[][] {
  const counts = (arg: string, before: string | undefined) =>
    before === '--query' || /^[a-z-]{1,40}$/i.test(arg)
  const shape = (args: string[]) =>
    args.map((arg, index) => (counts(arg, args[index - 1]) ? arg : '')).join(' ')
  return [...new Map(commandLines.map((args) => [shape(args), args])).values()]
}

function python(root: string, question: 'check' | 'table', input: string): string[] {
  const source = readFileSync(fileURLToPath(new URL('../parser/az_parser.py', import.meta.url)), 'utf8')
  const { status, stdout, stderr, error } = spawnSync(
    'chroot',
    [root, 'python3', '-W', 'ignore', '-c', source, question],
    {
      input,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      env: { PATH: env.PATH, LANG: 'C.UTF-8' },
    },
  )
  if (status !== 0) throw new Error(`the Azure CLI in ${root} can't be asked: ${error ?? stderr}`)
  return stdout.trim().split('\n')
}
