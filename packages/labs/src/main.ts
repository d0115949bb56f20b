/** npm run lab: the command line. */
import { rm } from 'node:fs/promises'
import { appUrl, root, stateFolder } from './env.js'
import { findings } from './lab.js'
import { labs } from './labs/index.js'
import { Workbench } from './workbench.js'

const HELP = `npm run lab -- list       the labs
npm run lab -- start <n>  brings this machine to the start of lab n, from anywhere
npm run lab -- check <n>  tells what is done and what is missing
npm run lab -- reset      takes away what the labs made: files in .local/lab, images, the release in the cluster

Exit code: 0 done, 1 something is missing, 2 wrong usage.
`

async function main([command, number, ...more]: string[]): Promise<number> {
  const bench = new Workbench(root, stateFolder, appUrl)
  if (command === 'list') {
    for (const [index, { title }] of labs.entries()) console.log(`${index + 1}  ${title}`)
    return 0
  }
  if (command === 'reset' && more.length === 0) return reset(bench)
  const lab = labs[Number(number) - 1]
  if (!lab || more.length > 0 || (command !== 'start' && command !== 'check')) {
    const isNumber = command === 'start' || command === 'check'
    if (isNumber && !lab) console.error(`there is no lab "${number ?? ''}"; there are 1 to ${labs.length}\n`)
    console.error(HELP)
    return 2
  }
  console.log(`Lab ${number}: ${lab.title}`)
  if (command === 'start') {
    console.log(await lab.start(bench))
    return 0
  }
  const list = await findings(lab, bench)
  for (const { isDone, what, found, hint } of list) {
    console.log(isDone ? `  done     ${what}` : `  missing  ${what}: ${found}\n           Hint: ${hint}`)
  }
  const missing = list.filter(({ isDone }) => !isDone).length
  console.log(missing === 0 ? 'All done.' : `${missing} of ${list.length} missing.`)
  return missing === 0 ? 0 : 1
}

/** Each part may be there or not. */
async function reset(bench: Workbench): Promise<number> {
  await bench.helm('uninstall', 'inference', '--wait').catch(() => {})
  await bench.kubectl('delete', 'namespace', 'lab', '--ignore-not-found').catch(() => {})
  for (const image of ['inference:lab-1', 'inference:lab-2'])
    await bench.engine('rmi', '--force', image).catch(() => {})
  await rm(bench.folder, { recursive: true, force: true })
  console.log('What the labs made is gone.')
  return 0
}

process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message)
  return 1
})
