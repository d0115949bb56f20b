import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { stepsOf } from '../src/directives.js'
import { parseMarkdown } from '../src/markdown.js'
import { summary } from '../src/report.js'
import { type Machine, runDocument } from '../src/run-document.js'
import { Session } from '../src/session.js'

const folder = temporaryFolders()
const bash = (command: string, info = '') => `\`\`\`bash ${info}\n${command}\n\`\`\`\n`
const text = (shown: string) => `\n\`\`\`text\n${shown}\n\`\`\`\n`

async function run(markdown: string, machine: Partial<Machine> = {}) {
  const session = await Session.open(await folder(), await folder(), { GIVEN: "it's" })
  const steps = stepsOf('doc.md', parseMarkdown(markdown))
  const whole = { missing: () => undefined, taken: () => undefined, ...machine }
  return await runDocument(steps, session, whole, () => {})
}
const outcomes = (results: { outcome: string }[]) => results.map(({ outcome }) => outcome)

describe('runDocument', () => {
  test('when a block prints what the document shows, then it is counted as run and compared', async () => {
    const results = await run(bash('echo "ok in 3 ms"') + text('ok in 1 ms') + bash('true'))
    expect(outcomes(results)).toEqual(['run', 'run'])
    expect(summary(results)).toContain('2 blocks run, 0 taken over from this CI run, 1 outputs compared')
  })

  test('when the document shows a line that is not printed, then the block fails and the line is told', async () => {
    const [result] = await run(bash('echo "1 model"') + text('2 models'))
    expect(result).toMatchObject({
      outcome: 'failed',
      problem: expect.stringContaining('2 models'),
      output: '1 model\n',
    })
  })

  test('when a line in the middle fails, then the block fails and the blocks after it are not run', async () => {
    const results = await run(bash('false\necho not reached') + bash('echo next'))
    expect(outcomes(results)).toEqual(['failed', 'skipped'])
    expect(summary(results)).toMatch(/0 passed, 1 failed, 1 skipped$/)
  })

  test('when a block is said to fail, then its exit code has to be that one', async () => {
    expect(outcomes(await run(bash('exit 7', 'exit=7')))).toEqual(['run'])
    expect(outcomes(await run(bash('exit 6', 'exit=7')))).toEqual(['failed'])
    expect(outcomes(await run(bash('true', 'exit=7')))).toEqual(['failed'])
  })

  test('when a block exports a variable and changes the folder, then the next one finds both', async () => {
    const results = await run(
      bash('export A="one two"; mkdir -p sub; cd sub') +
        bash('echo "$A in $(basename "$PWD"), $GIVEN"') +
        text("one two in sub, it's"),
    )
    expect(outcomes(results)).toEqual(['run', 'run'])
  })

  test('when the run is interrupted, then the block that runs is told as by Ctrl-C', async () => {
    const top = await folder()
    const session = await Session.open(await folder(), top, {})
    const running = session.run('trap "exit 5" INT; touch started; while true; do sleep 0.1; done', 60)
    while (!existsSync(join(top, 'started'))) await new Promise((resolve) => setTimeout(resolve, 20))
    await session.interrupt()
    expect(await running).toMatchObject({ exitCode: 5 })
  })

  test('when a block takes longer than it may, then it is ended with all that it started', async () => {
    const [result] = await run(bash('sleep 60 & wait', 'timeout=1'))
    expect(result).toMatchObject({ outcome: 'failed', problem: 'it did not end within 1 s' })
  })

  test('when a block is to go on, then the next one runs once it is ready, and Ctrl-C in the text ends it', async () => {
    const server =
      'trap "echo stopped > stopped; exit 130" INT\necho listening on port 1\nwhile true; do sleep 0.1; done'
    const results = await run(
      bash(server, 'background') +
        text('listening on port 80') +
        bash('test ! -e stopped') +
        'Press Ctrl-C.\n\n' +
        bash('cat stopped') +
        text('stopped'),
    )
    expect(outcomes(results)).toEqual(['run', 'run', 'run'])
  })

  test('when a block that is to go on ends before it is ready, then it fails', async () => {
    const [result] = await run(bash('echo no', 'background') + text('listening'))
    expect(result).toMatchObject({
      outcome: 'failed',
      problem: expect.stringContaining('before it ended: listening'),
    })
  })

  test('when a block is marked or needs what is not there, then it is skipped with the reason', async () => {
    const results = await run(bash('false', 'skip="needs an account"') + bash('false', 'needs=cluster'), {
      missing: (need) => (need === 'cluster' ? 'no cluster here' : undefined),
    })
    expect(results).toMatchObject([
      { outcome: 'skipped', reason: 'needs an account' },
      { outcome: 'skipped', reason: 'no cluster here' },
    ])
    expect(summary(results)).toContain('skipped 1 blocks: needs an account')
  })

  test('when this CI run has run a command already, then its output is compared and it is not run again', async () => {
    const taken = (command: string) => (command === 'npm run e2e' ? 'all good\n' : undefined)
    expect(outcomes(await run(bash('npm run e2e') + text('all good'), { taken }))).toEqual(['taken'])
    expect(outcomes(await run(bash('npm run e2e') + text('all bad'), { taken }))).toEqual(['failed'])
    expect(outcomes(await run(bash('npm run e2e', 'skip="long"'), { taken }))).toEqual(['taken'])
  })

  test.each([
    ['backgruond', /"backgruond" is no directive/],
    ['needs=luck', /needs=luck is none of engine, cluster/],
    ['skip', /skip needs a reason/],
    ['skip=', /cannot read the directives/],
  ])('when a fence says %s, then it is refused', async (info, message) => {
    await expect(run(bash('true', info))).rejects.toThrow(message)
  })
})
