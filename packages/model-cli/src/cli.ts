import { Command, CommanderError } from 'commander'
import { fetchCommand } from './commands/fetch.js'
import { initCommand } from './commands/init.js'
import { keygenCommand } from './commands/keygen.js'
import { listCommand } from './commands/list.js'
import { promoteCommand } from './commands/promote.js'
import { pruneCommand } from './commands/prune.js'
import { publishCommand } from './commands/publish.js'
import { pullCommand } from './commands/pull.js'
import { verifyCommand } from './commands/verify.js'
import { Context } from './context.js'
import { FAILURES, failureOf } from './failures.js'

const HELP = `
Stores:
  https://<account>.blob.core.windows.net/<container>[/<prefix>]
                                    Azure Blob Storage; --auth says how to sign in, and auto takes a pipeline's
                                    service connection, a pod's workload identity, or \`az login\`
  s3://<bucket>[/<prefix>]          Amazon S3, or another provider with conditional writes
  azurite://127.0.0.1:<port>/<container>
                                    the Azurite emulator's well-known account
  file:///<folder>                  a folder

Environment:
  MODEL_STORE                       the store's URL, instead of --store
  MODEL_STORE_AUTH                  how to sign in to Azure, instead of --auth
  MODEL_STORE_ACTOR                 who publishes and promotes, for the history; default: user@host
  MODEL_STORE_AZURE_ENDPOINT        another Azure Blob endpoint than the account's public one
  AWS_ENDPOINT_URL_S3, AWS_REGION   another provider of S3, and the region
  MODEL_STORE_S3_PATH_STYLE         true or false: the bucket is in the path; default: with an endpoint, true
  MODEL_CACHE_DIR                   where \`fetch\` keeps downloads; default: devops-for-ai-apps in the user's cache folder

With --json the answer is one JSON document on stdout, and a failure is {"error":{"code","message"}} on stderr.

Exit codes:
    0  done
${Object.entries(FAILURES)
  .map(([code, { exitCode, meaning }]) => `${String(exitCode).padStart(5)}  ${meaning} (code "${code}")`)
  .join('\n')}
`

const abort = new AbortController()
const context = new Context(abort.signal)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The first asks to stop in order; the second, for who can't wait, ends the process as usual.
  process.once(signal, () => abort.abort())
}

const program = new Command('model')
  .description('Publishes, pulls and promotes models: folders with a manifest, a model and its labels.')
  .addHelpText('after', HELP)
  .helpCommand('help [command]', 'say more of a command')

for (const command of [
  initCommand,
  publishCommand,
  pullCommand,
  listCommand,
  promoteCommand,
  pruneCommand,
  verifyCommand,
  keygenCommand,
  fetchCommand,
]) {
  program.addCommand(command(context).option('--json', 'answer in JSON'))
}
// Failures are reported below, in one way for all of them.
for (const command of [program, ...program.commands]) {
  command
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .showHelpAfterError(false)
}

try {
  // Known before anything is parsed, so that wrong usage is reported as asked for too.
  context.json = process.argv.includes('--json')
  await program.parseAsync()
} catch (error) {
  context.clear()
  if (!(error instanceof CommanderError && error.exitCode === 0)) {
    const { code, message } = failureOf(error, context.signal)
    process.exitCode = FAILURES[code].exitCode
    if (context.json) process.stderr.write(`${JSON.stringify({ error: { code, message } })}\n`)
    else if (message !== '(outputHelp)') process.stderr.write(`model: ${message}\n`)
  }
}
