import { execFile } from 'node:child_process'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Lab } from '../lab.js'

export const buildPipeline: Lab = {
  title: 'The build pipeline, rehearsed',
  async start(bench) {
    await mkdir(bench.folder, { recursive: true })
    await rm(bench.path('plan.yml'), { force: true })
    await rm(join(bench.state, 'rehearsal'), { recursive: true, force: true })
    return 'No pipeline has run here yet.'
  },
  checks: [
    {
      what: 'the plan of a pull request is in .local/lab/plan.yml, without any service connection',
      hint: 'npm run --silent rehearse -- --event pr --dry-run > .local/lab/plan.yml',
      async look(bench) {
        const plan = await readFile(bench.path('plan.yml'), 'utf8').catch(() => '')
        if (plan === '') return 'there is no such file'
        return !plan.includes('azureSubscription') || 'this plan signs in somewhere: is it that of a push?'
      },
    },
    {
      what: 'the pipelines are free of mistakes again',
      hint: 'npm run check:pipelines tells file, line and what to do',
      async look(bench) {
        // By npm, which builds the check first: nobody may have done so yet.
        const check = promisify(execFile)('npm', ['run', 'check:pipelines'], { cwd: bench.root })
        return check.then(
          () => true,
          () => 'npm run check:pipelines finds mistakes',
        )
      },
    },
    {
      what: 'a build was rehearsed',
      hint: 'npm run rehearse -- --event pr',
      async look(bench) {
        const text = await readFile(join(bench.state, 'rehearsal/history.json'), 'utf8').catch(
          () => '{"runs":[]}',
        )
        const { runs } = JSON.parse(text) as { runs: { name: string; result?: string }[] }
        const last = runs.findLast(({ name }) => name === 'inference-build')
        if (!last) return 'no run yet'
        return last.result === 'Succeeded' || `the last run: ${last.result}`
      },
    },
  ],
}
