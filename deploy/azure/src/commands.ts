import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { compile } from '@jmespath-community/jmespath'

/** An option of an `az` command, as the real command's parser describes it. */
export interface Option {
  names: string[]
  required?: boolean
  /** How many values: one when absent, '0' for a flag. */
  nargs?: '0' | '?' | '*' | '+'
  choices?: string[]
}

export interface Parsed {
  command: string
  /** The values given, under each of an option's names; a flag's value is 'true'. */
  values: Map<string, string[]>
}

/** The error of an `az` command, with az's exit code: 2 usage, 3 not found, 1 anything else. */
export class AzError extends Error {
  constructor(
    message: string,
    readonly code: number,
  ) {
    super(message)
  }
}

export const tableFile = fileURLToPath(new URL('../parser/commands.jsonl', import.meta.url))

/** The recorded commands and their options; parser/az_parser.py wrote them down from the real one. */
export function readTable(): Map<string, Option[]> {
  const lines = readFileSync(tableFile, 'utf8').trim().split('\n')
  return new Map(lines.map((line) => JSON.parse(line) as [string, Option[]]))
}

/**
 * Reads a command line as az's parser does.
 * @throws AzError with code 2 for an unknown command or option, a missing or a wrong value
 */
export function parse(table: Map<string, Option[]>, args: string[]): Parsed {
  const words = args.findIndex((arg) => arg.startsWith('-'))
  const command = args.slice(0, words < 0 ? args.length : words).join(' ')
  const own = table.get(command)
  if (own === undefined) throw new AzError(`'${command}' is misspelled or not recognized by the system.`, 2)
  const options = [...own, ...(table.get('') ?? [])]
  const values = new Map<string, string[]>()
  let rest = args.slice(command.split(' ').length)
  while (rest.length > 0) {
    const [name = '', ...inline] = (rest[0] as string).split(/=(.*)/s, 2)
    const option = options.find(({ names }) => names.includes(name))
    if (option === undefined) throw new AzError(`unrecognized arguments: ${rest.join(' ')}`, 2)
    const following = rest.slice(1).findIndex((arg) => /^--?[a-z]/i.test(arg))
    const given = inline.length > 0 ? inline : rest.slice(1, following < 0 ? rest.length : following + 1)
    const taken = given.slice(0, limitOf(option))
    check(option, name, taken)
    for (const alias of option.names) values.set(alias, option.nargs === '0' ? ['true'] : taken)
    rest = rest.slice(1 + (inline.length > 0 ? 0 : taken.length))
  }
  const missing = options.filter((option) => option.required && !values.has(option.names[0] as string))
  if (missing.length > 0) {
    const names = missing.map((option) => option.names.join('/')).join(', ')
    throw new AzError(`the following arguments are required: ${names}`, 2)
  }
  checkQuery(values.get('--query')?.[0])
  return { command, values }
}

function checkQuery(query: string | undefined): void {
  try {
    if (query !== undefined) compile(query)
  } catch (error) {
    throw new AzError(
      `argument --query: invalid jmespath_type value: '${query}': ${(error as Error).message}`,
      2,
    )
  }
}

function limitOf({ nargs }: Option): number {
  if (nargs === '0') return 0
  return nargs === undefined || nargs === '?' ? 1 : Number.POSITIVE_INFINITY
}

function check({ nargs, choices }: Option, name: string, values: string[]): void {
  if (values.length === 0 && (nargs === undefined || nargs === '+')) {
    throw new AzError(`argument ${name}: expected at least one argument`, 2)
  }
  const wrong = values.find(
    (value) => choices && !choices.some((choice) => choice.toLowerCase() === value.toLowerCase()),
  )
  if (wrong !== undefined) throw new AzError(`'${wrong}' is not a valid value for '${name}'.`, 2)
}
