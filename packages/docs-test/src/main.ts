import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { AzureDouble } from './azure-double.js'
import { cloneCheckout } from './clone.js'
import { type Step, stepsOf } from './directives.js'
import { DocsError } from './errors.js'
import { baseImages, inspectMachine } from './machine.js'
import { help, type Options, parseOptions } from './options.js'
import { openCheckout } from './references/checkout.js'
import { checkReferences } from './references/index.js'
import { describeResult, summary } from './report.js'
import { runDocument, type StepResult } from './run-document.js'
import { Session } from './session.js'

const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '')
/** In the order in which a newcomer reads them. */
const RUN = [/^README\.md$/, /^docs\/tutorial\.md$/, /^docs\/labs\/[^/]+\.md$/]

/** Who commits in the clone. */
const READER = {
  GIT_AUTHOR_NAME: 'Reader',
  GIT_AUTHOR_EMAIL: 'reader@example.com',
  GIT_COMMITTER_NAME: 'Reader',
  GIT_COMMITTER_EMAIL: 'reader@example.com',
}

try {
  const options = parseOptions(process.argv.slice(2))
  if (options === undefined) process.stdout.write(help)
  // Servers that blocks left behind on purpose may hold pipes open.
  process.exit(options === undefined ? 0 : await main(options))
} catch (error) {
  if (!(error instanceof DocsError)) throw error
  console.error(error.message)
  process.exit(2)
}

async function main(options: Options): Promise<number> {
  const documents = documentsToRun(options)
  if (options.list) return list(documents)
  if (options.only.length === 0) {
    const problems = checkReferences(root, options)
    for (const problem of problems) console.error(problem)
    console.log(`references: ${problems.length === 0 ? 'all good' : `${problems.length} problems`}`)
    if (problems.length > 0 || options.check) return problems.length > 0 ? 1 : 0
  }
  const results = await run(documents, options)
  console.log(summary(results))
  return results.some(({ outcome }) => outcome === 'failed') ? 1 : 0
}

function documentsToRun({ only }: Options): [string, Step[]][] {
  const { documents } = openCheckout(root)
  const paths =
    only.length > 0
      ? only
      : RUN.flatMap((pattern) => [...documents.keys()].filter((path) => pattern.test(path)).sort())
  return paths.map((path) => {
    const document = documents.get(path)
    if (document === undefined) throw new DocsError(`${path} is no Markdown file of this repository`)
    return [path, stepsOf(path, document)]
  })
}

function list(documents: [string, Step[]][]): number {
  for (const step of documents.flatMap(([, steps]) => steps)) {
    const marks = [
      step.skip && `skipped: ${step.skip}`,
      step.background && 'background',
      step.shown && 'compared',
    ]
    console.log(`${step.at}  ${step.command.split('\n')[0]}  [${marks.filter(Boolean).join(', ')}]`)
  }
  return 0
}

/** Commands in the docs name this port, and `npm start` would take another one if it were in use. */
async function assertPortIsFree(port: number): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', () =>
      reject(new DocsError(`port ${port} is in use, and commands in the docs need it`)),
    )
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()))
  })
}

async function run(documents: [string, Step[]][], options: Options): Promise<StepResult[]> {
  const machine = inspectMachine(root, options.ran)
  await assertPortIsFree(8080)
  const clone = await cloneCheckout(root)
  console.log(`clone: ${clone.folder}; ${clone.uncommitted} uncommitted files are not in it`)
  const environment = { ...READER, ...baseImages(clone.folder) }
  const results: StepResult[] = []
  let session: Session | undefined
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, async () => {
      await session?.interrupt()
      clone.close(options.keep)
      process.exit(130)
    })
  }
  try {
    for (const [path, steps] of documents) {
      clone.reset()
      session = await Session.open(clone.scratch, clone.folder, environment)
      console.log(`\n${path}`)
      const usesAzure = steps.some(({ track }) => track === 'azure') && machine.missing('az') === undefined
      const azure = usesAzure ? await AzureDouble.start(root) : undefined
      const isInstalled = clone.isInstalled()
      if (!isInstalled && !steps.some(({ command }) => command.startsWith('npm ci'))) clone.install()
      for (const step of steps) {
        // An earlier page has done it in this clone, for the same lockfile.
        if (isInstalled) step.command = step.command.replace(/^npm ci && /, '')
        if (step.track === 'azure') step.command = `${azure?.prefix ?? ''}${step.command}`
      }
      const report = (result: StepResult) => console.log(describeResult(result))
      results.push(...(await runDocument(steps, session, machine, report)))
      if (!((await azure?.end()) ?? true))
        throw new DocsError(`${path}: the Azure CLI's parser refused a command`)
    }
  } finally {
    clone.close(options.keep)
  }
  return results
}
