import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import {
  type Answers,
  checked,
  help,
  type Options,
  parseOptions,
  QUESTIONS,
  type Question,
} from './answers.js'
import { TemplateError } from './errors.js'
import { leaveOut } from './leave-out.js'
import { currentAnswers, rename } from './rename.js'
import { Tree } from './tree.js'

const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '')

try {
  const options = parseOptions(process.argv.slice(2))
  if (options === undefined) process.stdout.write(help)
  else await main(options)
} catch (error) {
  if (!(error instanceof TemplateError)) throw error
  console.error(error.message)
  process.exitCode = 2
}

async function main(options: Options): Promise<void> {
  const tree = new Tree(root)
  const current = currentAnswers(tree)
  const answers = options.yes || options.dryRun ? fill(options, current) : await ask(options, current)
  rename(tree, answers)
  leaveOut(tree, options.without)
  const changes = tree.describe()
  if (changes.length === 0) console.log('Nothing to change.')
  for (const line of changes) console.log(line)
  if (changes.length === 0 || options.dryRun) return
  tree.save()
  stampTranslation()
  console.log('\nDone. Look at `git diff`, then: npm ci && npm test && npm run docs:test -- --write')
}

function fill({ given }: Options, current: Partial<Answers>): Answers {
  // What the tree does not tell has no place in it: its part was left out.
  const entries = (Object.keys(QUESTIONS) as Question[]).map((name) => [
    name,
    given[name] ?? current[name] ?? '',
  ])
  return Object.fromEntries(entries) as Answers
}

/** Asks on the terminal; Enter takes what stands in brackets. */
async function ask({ given }: Options, current: Partial<Answers>): Promise<Answers> {
  const terminal = createInterface({ input: process.stdin })
  const lines = terminal[Symbol.asyncIterator]()
  const answers: Partial<Answers> = { ...given }
  for (const name of Object.keys(QUESTIONS) as Question[]) {
    while (answers[name] === undefined) {
      process.stdout.write(`${QUESTIONS[name].text} [${current[name] ?? ''}]: `)
      const { value, done } = await lines.next()
      if (done) throw new TemplateError('\nNo answer, nothing was changed. --yes asks nothing.')
      const answer = value.trim() || current[name]
      try {
        // Enter where nothing is known or set stays nothing.
        answers[name] = answer ? checked(name, answer) : ''
      } catch (error) {
        console.log((error as Error).message)
      }
    }
  }
  terminal.close()
  return answers as Answers
}

/** The translated README has to say which README it is a translation of. */
function stampTranslation(): void {
  const script = join(root, 'scripts/check-readme.js')
  if (existsSync(script)) spawnSync(process.execPath, [script, '--stamp'], { stdio: 'inherit' })
}
