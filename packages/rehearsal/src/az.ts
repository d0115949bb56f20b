import { parseArgs } from 'node:util'
import type { Cloud } from './run/context.js'

/** What `az` answers here. Only what the pipelines' scripts ask for; anything else is refused by name. */
export interface Answer {
  code: number
  stdout?: string
  stderr?: string
  /** A file to copy, for commands that write one. */
  copy?: { from: string; to: string }
}

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const COMMON = { query: text, output: text, 'only-show-errors': flag, subscription: text }

/** The options of each subcommand; those that must be given. */
const SUBCOMMANDS = {
  'account show': { options: COMMON, needed: [] },
  'acr login': { options: { ...COMMON, name: text, 'expose-token': flag }, needed: ['name'] },
  'aks get-credentials': {
    options: {
      ...{ ...COMMON, 'resource-group': text, name: text, file: text, format: text },
      'overwrite-existing': flag,
    },
    needed: ['resource-group', 'name', 'file'],
  },
}

/**
 * What `az <args>` prints, writes and exits with.
 * @param login what AzureCLI@2 wrote; without it nobody is signed in
 */
export function answer([group = '', verb = '', ...args]: string[], login: Cloud | undefined): Answer {
  const fail = (code: number, reason: string): Answer => ({ code, stderr: `ERROR: ${reason}` })
  const name = `${group} ${verb}`
  const subcommand = SUBCOMMANDS[name as keyof typeof SUBCOMMANDS]
  const known = Object.keys(SUBCOMMANDS).join(', ')
  if (!subcommand)
    return fail(2, `the rehearsal's az does not know "az ${name}". It knows: ${known} (src/az.ts)`)
  let given: Record<string, unknown>
  try {
    given = parseArgs({ args, options: subcommand.options }).values
  } catch (error) {
    return fail(2, `the rehearsal's az ${name}: ${(error as Error).message}`)
  }
  const missing = subcommand.needed.find((each) => !given[each])
  if (missing) return fail(2, `the following arguments are required: --${missing}`)
  if (!login) return fail(1, "Please run 'az login' to setup account.")
  const { registry, kubeconfig } = login
  if (name === 'aks get-credentials') {
    if (!kubeconfig) return fail(1, 'no cluster takes part in this rehearsal')
    return { code: 0, copy: { from: kubeconfig, to: String(given.file) } }
  }
  if (name === 'acr login' && !registry) return fail(1, 'no registry takes part in this rehearsal')
  const all: Record<string, unknown> =
    name === 'acr login'
      ? { accessToken: 'rehearsal-registry-token', loginServer: registry }
      : { name: 'rehearsal', state: 'Enabled' }
  const value = given.query === undefined ? all : (all[String(given.query)] ?? null)
  return { code: 0, stdout: given.output === 'tsv' ? String(value) : JSON.stringify(value) }
}
