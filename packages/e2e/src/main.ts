import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { imageName } from './build.js'
import { stateFolder } from './env.js'
import { prepare, Unavailable } from './prepare.js'
import { Report } from './report.js'
import { Shell } from './shell.js'
import { story } from './story.js'
import { removeNamespaces } from './variants.js'
import { container, kubectl, type World } from './world.js'

const HELP = `npm run e2e [-- --allow-skip]

Takes two models through the whole path on a real Kubernetes, under load, breaks things on the way, and takes
everything away again. The report is .local/e2e/report.md, all output .local/e2e/log.txt.

--allow-skip   end with 0 where there is no way to a cluster or to images

docs/cluster.md says more.`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { 'allow-skip': { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } },
  })
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const folder = join(stateFolder, 'e2e')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const log = join(folder, 'log.txt')
  const abort = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => abort.abort(new Error(`stopped by ${signal}`)))
  }
  const report = new Report(folder, (line) => console.log(line))
  const endings: [string, (shell: Shell) => Promise<unknown>][] = []
  try {
    const shell = new Shell(log, abort.signal)
    const world = await prepare(report, shell, folder, (what, action) => endings.push([what, action]))
    endings.push(['namespaces and images', (cleaner) => tidy({ ...world, shell: cleaner })])
    await describe(world)
    await removeNamespaces(world)
    await story(world)
  } catch (error) {
    console.error(`\nerror: ${(error as Error).message}`)
    if (error instanceof Unavailable) {
      console.error(values['allow-skip'] ? '\nSKIPPED: npm run e2e could not run here.' : '')
      return values['allow-skip'] ? 0 : 1
    }
    console.error(`\nAll output is in ${log}`)
  } finally {
    await report.load?.stop()
    const cleaner = new Shell(log, new AbortController().signal)
    for (const [what, action] of endings.reverse()) {
      await action(cleaner).catch((error: Error) =>
        console.error(`could not clean up ${what}: ${error.message}`),
      )
    }
  }
  const { ok, text } = report.summary()
  console.log(`\n${text}\nThe report is ${join(folder, 'report.md')}`)
  return ok ? 0 : 1
}

/** What ran, for the report. */
async function describe(world: World): Promise<void> {
  const { report, shell, tools } = world
  const versions = JSON.parse(await kubectl(world, 'version', '--output', 'json'))
  report.facts.Kubernetes = versions.serverVersion.gitVersion
  for (const helm of [tools.helm3, tools.helm4]) {
    const version = await shell.run(helm, ['version', '--template', '{{.Version}}'])
    report.facts[`Helm ${version[1]}`] = version
  }
}

/** A cluster that was up before and the images of the engine outlive this run; what it put there does not. */
async function tidy(world: World): Promise<void> {
  if (world.clusterStays) await removeNamespaces(world)
  const reference = imageName('*')
  const images = await container(world, ['image', 'ls', '--quiet', '--filter', `reference=${reference}`])
  const ids = [...new Set(images.split('\n').filter(Boolean))]
  if (ids.length > 0) await container(world, ['image', 'rm', '--force', ...ids])
}

process.exitCode = await main()
