/** What `az` answers here. Only what the pipelines' scripts ask for; anything else is refused by name. */
export interface Answer {
  code: number
  stdout?: string
  stderr?: string
  /** A file to copy, for commands that write one. */
  copy?: { from: string; to: string }
}

/** What AzureCLI@2 wrote; without it nobody is signed in. */
export interface Login {
  kubeconfig?: string
  registry?: string
}

interface Subcommand {
  /** Its options; true: it must be given. */
  options: Record<string, boolean>
  run(options: Record<string, string>, login: Login): Answer
}

/** Options that every subcommand takes, and that need no value. */
const FLAGS = ['--expose-token', '--overwrite-existing', '--only-show-errors', '--admin']
const COMMON = ['--query', '--output', '--only-show-errors', '--subscription']

const subcommands: Record<string, Subcommand> = {
  'account show': {
    options: {},
    run: () => ({ code: 0, stdout: JSON.stringify({ name: 'rehearsal', state: 'Enabled' }) }),
  },
  'acr login': {
    options: { '--name': true, '--expose-token': false },
    run: (_, { registry }) =>
      registry === undefined
        ? { code: 1, stderr: 'ERROR: no registry takes part in this rehearsal' }
        : {
            code: 0,
            stdout: JSON.stringify({ accessToken: 'rehearsal-registry-token', loginServer: registry }),
          },
  },
  'aks get-credentials': {
    options: {
      ...{ '--resource-group': true, '--name': true, '--file': true, '--overwrite-existing': false },
      '--format': false,
    },
    run: (options, { kubeconfig }) =>
      kubeconfig === undefined
        ? { code: 1, stderr: 'ERROR: no cluster takes part in this rehearsal' }
        : { code: 0, copy: { from: kubeconfig, to: options['--file'] ?? '' } },
  },
}

/** What `az <args>` prints, writes and exits with. */
export function answer(args: string[], login: Login | undefined): Answer {
  const name = args.slice(0, 2).join(' ')
  const subcommand = subcommands[name]
  const refuse = (reason: string): Answer => ({ code: 2, stderr: `ERROR: ${reason}` })
  if (!subcommand) {
    const known = Object.keys(subcommands).join(', ')
    return refuse(
      `the rehearsal's az does not know "az ${name}". It knows: ${known} (packages/rehearsal/src/az.ts)`,
    )
  }
  const options: Record<string, string> = {}
  for (let i = 2; i < args.length; i++) {
    const option = args[i] ?? ''
    if (subcommand.options[option] === undefined && !COMMON.includes(option)) {
      return refuse(`the rehearsal's az ${name} does not know ${option}`)
    }
    options[option] = FLAGS.includes(option) ? 'true' : (args[++i] ?? '')
  }
  const missing = Object.keys(subcommand.options).find((each) => subcommand.options[each] && !options[each])
  if (missing !== undefined) return refuse(`the following arguments are required: ${missing}`)
  if (!login) return { code: 1, stderr: "ERROR: Please run 'az login' to setup account." }
  const result = subcommand.run(options, login)
  const query = options['--query']
  if (query === undefined || result.stdout === undefined) return result
  const value = (JSON.parse(result.stdout) as Record<string, string>)[query]
  return { ...result, stdout: options['--output'] === 'tsv' ? (value ?? '') : JSON.stringify(value ?? null) }
}
