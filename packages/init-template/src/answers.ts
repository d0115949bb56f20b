import { parseArgs } from 'node:util'
import { TemplateError } from './errors.js'
import { isPart, PARTS, type Part } from './parts.js'

/** What is asked: the option's name, the question, what an answer looks like. */
export const QUESTIONS = {
  project: {
    text: 'Name of the project',
    pattern: /^[a-z][a-z0-9-]{1,61}[a-z0-9]$/,
    form: '3 to 63 lower-case letters, digits and hyphens',
  },
  owner: {
    text: 'Its owner for CODEOWNERS: a person, a team or an organisation',
    pattern: /^[A-Za-z0-9][\w.-]*$/,
    form: 'a name without spaces',
  },
  'github-repository': {
    text: 'Repository on GitHub, owner/name, whose workflow may push images; empty: none',
    // A name that was guessed may be a stranger's: nothing but this answer says it.
    pattern: /^([A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+)?$/,
    form: 'owner/name, or nothing',
  },
  registry: {
    text: 'Login server of the container registry',
    pattern: /^[a-z0-9.-]+(:\d+)?$/,
    form: 'a host such as mine.azurecr.io',
  },
  'storage-account': {
    text: 'Storage account of the model store',
    pattern: /^[a-z0-9]{3,24}$/,
    form: '3 to 24 lower-case letters and digits',
  },
  'resource-group': {
    text: 'Resource group',
    pattern: /^[\w.()-]{1,90}$/,
    form: 'letters, digits and -_.()',
  },
  cluster: { text: 'AKS cluster', pattern: /^[A-Za-z0-9][\w-]{0,62}$/, form: 'letters, digits, - and _' },
  namespaces: {
    text: 'Prefix of the namespaces (-dev, -staging and -production follow)',
    pattern: /^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$/,
    form: 'lower-case letters, digits and hyphens',
  },
  image: {
    text: 'Name of the image in the registry',
    pattern: /^[a-z0-9]+([._/-][a-z0-9]+)*$/,
    form: 'lower-case letters and digits, separated by . _ - or /',
  },
} as const

export type Question = keyof typeof QUESTIONS
export type Answers = Record<Question, string>

export interface Options {
  given: Partial<Answers>
  without: Part[]
  dryRun: boolean
  /** Take today's values for what is not given, and ask nothing. */
  yes: boolean
}

export const help = `npm run init-template                      asks, shows what changes, and does it
npm run init-template -- --dry-run         shows what would change
npm run init-template -- --yes             asks nothing: what is not given stays as it is
${Object.entries(QUESTIONS)
  .map(([name, { text }]) => `  --${`${name} <value>`.padEnd(25)} ${text}`)
  .join('\n')}
  --without <part>            leave this out; may be repeated:
${Object.entries(PARTS)
  .map(([name, { text }]) => `      ${name.padEnd(17)} ${text}`)
  .join('\n')}

Running it again is harmless, and changes only what you answer differently. Commit first, and look at the diff after.
`

/** @returns undefined when help is wanted. @throws TemplateError for wrong usage */
export function parseOptions(args: string[]): Options | undefined {
  const flag = { type: 'boolean', default: false } as const
  const text = { type: 'string' } as const
  const questions = Object.fromEntries(Object.keys(QUESTIONS).map((name) => [name, text]))
  let values: Record<string, unknown>
  try {
    values = parseArgs({
      args,
      options: {
        ...questions,
        without: { type: 'string', multiple: true, default: [] },
        'dry-run': flag,
        yes: flag,
        help: flag,
      },
    }).values
  } catch (error) {
    throw new TemplateError(`${(error as Error).message}\n\n${help}`)
  }
  if (values.help) return undefined
  const given: Partial<Answers> = {}
  for (const name of Object.keys(QUESTIONS) as Question[]) {
    const value = values[name]
    if (typeof value === 'string') given[name] = checked(name, value)
  }
  const without = (values.without as string[]).map((name) => {
    if (!isPart(name)) {
      throw new TemplateError(
        `--without ${name}: there is no such part. There are ${Object.keys(PARTS).join(', ')}.`,
      )
    }
    return name
  })
  if (without.includes('github')) {
    if (given['github-repository'])
      throw new TemplateError('--github-repository is for the workflow that --without github leaves out.')
    given['github-repository'] = ''
  }
  return { given, without, dryRun: values['dry-run'] === true, yes: values.yes === true }
}

/** @throws TemplateError that says what the answer should look like */
export function checked(name: Question, value: string): string {
  const { pattern, form } = QUESTIONS[name]
  if (!pattern.test(value)) throw new TemplateError(`--${name} ${value}: it has to be ${form}.`)
  return value
}
