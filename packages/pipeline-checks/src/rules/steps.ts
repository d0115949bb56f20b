import type { Variable } from '@repo/rehearsal/expand'
import { jobsOf, shellOf, stepsOf } from '../runs.js'
import { checkCalls, scriptsIn } from '../script-calls.js'
import type { Rule } from './rule.js'

const LOCAL = /^\s*(?:\.\/)?[\w.-]+\/[\w./-]*\.sh\b/

/** Steps only wire: the scripts they call exist, get what they need, and get nothing that they don't know. */
export const steps: Rule = ({ run, repository, report }) => {
  for (const stage of run.pipeline.stages) {
    for (const job of stage.jobs) {
      const shared = [...run.pipeline.variables, ...stage.variables, ...job.variables].map(environmentName)
      let isCheckedOut = false
      for (const step of stepsOf(job)) {
        isCheckedOut ||= step.task === 'checkout'
        const shell = shellOf(step)
        if (job.environment && scriptsIn(shell).length > 0 && !isCheckedOut) {
          const mend = 'add a step `checkout: self` before this'
          report(step.at, `a deployment job checks nothing out by itself: ${mend}`)
        }
        const tell = (message: string, near: string) => report(step.at, message, near || undefined)
        checkCalls(repository, shell, Object.keys(step.env), shared, tell)
      }
    }
  }
}

/** Shell text stands in a script where it is checked and runs on a laptop too; several commands stop at a failure. */
export const shell: Rule = ({ run, report }) => {
  for (const step of jobsOf(run).flatMap(stepsOf)) {
    const lines = shellOf(step).trim().split('\n')
    const macro = /\$\([^)]*\)/.exec(shellOf(step))
    if (macro)
      report(step.at, `${macro[0]} would be pasted into the shell's text: pass it through env`, macro[0])
    if (lines.length === 1) continue
    if (lines[0]?.trim() !== 'set -euo pipefail') {
      report(step.at, 'several commands have to begin with `set -euo pipefail`, or a failure is passed over')
    }
    const logic = lines.slice(1).find((line) => !LOCAL.test(line))
    if (logic !== undefined)
      report(step.at, `this belongs into a script of deploy/scripts: ${logic.trim()}`, logic.trim())
  }
}

/** Variables reach scripts in upper case, with _ for dots. */
const environmentName = ({ name }: Variable): string => name.toUpperCase().replaceAll('.', '_')
