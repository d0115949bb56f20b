/**
 * npm test: every package's tests, in parallel as far as the machine allows, then one summary of all of them that
 * names what was skipped and why. Arguments go to turbo: npm test -- --filter=@repo/classifier
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const folders = ['apps', 'packages', 'deploy'].flatMap((parent) =>
  readdirSync(join(root, parent)).map((name) => join(root, parent, name, 'reports')),
)
// Turbo puts back the reports of what it has in its cache, so each report below belongs to this run.
for (const folder of folders) rmSync(folder, { recursive: true, force: true })

const options = ['--continue', '--concurrency=100%', '--output-logs=new-only', '--log-order=grouped']
const command = ['--no', 'turbo', 'run', 'test', ...options, ...process.argv.slice(2)]
const { status } = spawnSync('npx', command, { cwd: root, stdio: 'inherit' })

const totals = { passed: 0, failed: 0, skipped: 0 }
/** Reason -> number of tests. */
const skipped = new Map()
for (const path of folders.map((folder) => join(folder, 'junit.xml')).filter(existsSync)) {
  const cases = readFileSync(path, 'utf8').matchAll(/<testcase ([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs)
  for (const [, attributes, body = ''] of cases) {
    const outcome = body.includes('<skipped') ? 'skipped' : /<failure|<error/.test(body) ? 'failed' : 'passed'
    totals[outcome]++
    if (outcome !== 'skipped') continue
    const reason =
      /\[skipped: ([^\]]*)\]/.exec(attributes)?.[1] ?? `no reason given in ${relative(root, path)}`
    skipped.set(reason, (skipped.get(reason) ?? 0) + 1)
  }
}
console.log('')
for (const [reason, count] of skipped) console.log(`skipped ${count} tests: ${reason}`)
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
process.exit(status ?? 1)
