import { createHash } from 'node:crypto'
import type { Answers, Question } from './answers.js'
import { TemplateError } from './errors.js'
import type { Tree } from './tree.js'

const VARIABLES = 'azure-pipelines/templates/variables.yml'
const AZURE = 'deploy/azure/azure.env'

/** One place that holds an answer. `set` gets the whole line's value. */
interface Place {
  file: string
  /** The line: what stands before the value, the value, what stands behind it. */
  line: RegExp
  set: (answers: Answers) => string
  /** The question to which this place tells today's answer, unless one before it does. */
  reads?: { question: Question; from: RegExp; as?: (value: string) => string }
}

const yaml = (key: string, set: Place['set'], reads?: Place['reads']): Place => ({
  file: VARIABLES,
  line: new RegExp(`^(  ${key}: )(.*)()$`, 'm'),
  set,
  ...(reads === undefined ? {} : { reads }),
})
const setting = (name: string, set: Place['set'], reads?: Place['reads']): Place => ({
  file: AZURE,
  line: new RegExp(`^(${name}=)(.*)()$`, 'm'),
  set,
  ...(reads === undefined ? {} : { reads }),
})
const whole = (question: Question): NonNullable<Place['reads']> => ({ question, from: /^(.*)$/ })
const ENVIRONMENTS = ['Dev', 'Staging', 'Production']

const PLACES: Place[] = [
  {
    file: 'package.json',
    line: /^( {2}"name": ")(.*)(",)$/m,
    set: ({ project }) => project,
    reads: whole('project'),
  },
  { file: 'package-lock.json', line: /^( {2}"name": ")(.*)(",)$/m, set: ({ project }) => project },
  { file: 'package-lock.json', line: /^( {6}"name": ")(.*)(",)$/m, set: ({ project }) => project },
  {
    file: '.devcontainer/devcontainer.json',
    line: /^( {2}"name": ")(.*)(",)$/m,
    set: ({ project }) => project,
  },
  { file: 'README.md', line: /^(# )(.*)()$/m, set: ({ project }) => project },
  { file: 'README.zh-CN.md', line: /^(# )(.*)()$/m, set: ({ project }) => project },
  ...['Build', ...ENVIRONMENTS].map((name) =>
    yaml(`serviceConnection${name}`, ({ project }) => `${azureName(project)}-${name.toLowerCase()}`),
  ),
  yaml('containerRegistry', ({ registry }) => registry, whole('registry')),
  yaml('imageRepository', ({ image }) => image, whole('image')),
  yaml('modelStore', (answers) => `https://${answers['storage-account']}.blob.core.windows.net/models`, {
    question: 'storage-account',
    from: /^https:\/\/([a-z0-9]+)\./,
  }),
  yaml('resourceGroup', (answers) => answers['resource-group'], whole('resource-group')),
  yaml('aksCluster', ({ cluster }) => cluster, whole('cluster')),
  ...ENVIRONMENTS.map((name) =>
    yaml(`namespace${name}`, ({ namespaces }) => `${namespaces}-${name.toLowerCase()}`, {
      question: 'namespaces',
      from: /^(.*)-\w+$/,
    }),
  ),
  setting('PROJECT_NAME', ({ project }) => azureName(project)),
  // Where the pipelines were left out, nothing but these tells the names.
  setting('STORAGE_ACCOUNT', (answers) => answers['storage-account'], whole('storage-account')),
  setting('REGISTRY_NAME', ({ registry }) => registry.replace(/\.azurecr\.io$/, ''), {
    question: 'registry',
    from: /^(.*)$/,
    as: (name) => (name === '' || name.includes('.') ? name : `${name}.azurecr.io`),
  }),
  setting('RESOURCE_GROUP', (answers) => answers['resource-group'], whole('resource-group')),
  setting('AKS_CLUSTER', ({ cluster }) => cluster, whole('cluster')),
  setting('NAMESPACE_PREFIX', ({ namespaces }) => namespaces, whole('namespaces')),
  setting('GITHUB_REPOSITORY', (answers) => answers['github-repository'], whole('github-repository')),
]

/**
 * The tag by which teardown.sh knows what is a fork's own, so no two projects may share it. 20 characters at most: a
 * longer name keeps its beginning, and its hash tells it from others that begin so.
 */
function azureName(project: string): string {
  if (project.length <= 20) return project
  const hash = createHash('sha256').update(project).digest('hex').slice(0, 5)
  return `${project.slice(0, 14).replace(/-+$/, '')}-${hash}`
}

const OWNERS = '.github/CODEOWNERS'
/** Who owns a fork that was not told. */
const NO_OWNER = 'example'

/** Today's answers, where the tree tells them. */
export function currentAnswers(tree: Tree): Partial<Answers> {
  const answers: Partial<Answers> = { owner: NO_OWNER }
  for (const { file, line, reads } of PLACES) {
    if (reads === undefined || !tree.has(file)) continue
    const found = line.exec(tree.read(file))?.[2]
    const value = found === undefined ? undefined : reads.from.exec(found)?.[1]
    // A setting may be empty: that is an answer too.
    if (value !== undefined) answers[reads.question] ??= reads.as?.(value) ?? value
  }
  const owner = tree.has(OWNERS) ? /^\* @(\S+)$/m.exec(tree.read(OWNERS))?.[1] : undefined
  return owner === undefined ? answers : { ...answers, owner }
}

/**
 * Writes the answers into the places that hold them. Answers that are today's values change nothing.
 * @throws TemplateError when a place is not as it is expected
 */
export function rename(tree: Tree, answers: Answers): void {
  // Today's answers where the tree tells them: a place where they say the same is left as it is, comments and all.
  const today: Answers = { ...answers, ...currentAnswers(tree) }
  for (const { file, line, set } of PLACES) {
    // Of a part that was left out.
    if (!tree.has(file) || set(today) === set(answers)) continue
    const text = tree.read(file)
    if (!line.test(text)) {
      throw new TemplateError(`${file} has no line like ${line.source}: was it changed by hand?`)
    }
    tree.write(
      file,
      text.replace(line, (_all, head: string, _old, tail: string) => `${head}${set(answers)}${tail}`),
    )
  }
  if (today.owner !== answers.owner) tree.write(OWNERS, `* @${answers.owner}\n`)
}
