import type { Variable } from '@repo/rehearsal/expand'
import { jobsOf, neededBy, scriptsIn, shellOf, stepsOf, withSourced } from '../runs.js'
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
        const scripts = scriptsIn(shell)
        if (job.environment && scripts.length > 0 && !isCheckedOut) {
          report(
            step.at,
            'a deployment job checks nothing out by itself: add a step `checkout: self` before this',
          )
        }
        for (const script of scripts) {
          if (!repository.exists(script)) report(step.at, `there is no script ${script}`, script)
          else if (!repository.isExecutable(script))
            report(step.at, `${script} is not executable: chmod +x`, script)
        }
        const texts = scripts.map((script) => withSourced(repository, script))
        if (scripts.length === 0) continue
        for (const name of Object.keys(step.env)) {
          if ([shell, ...texts].some((text) => new RegExp(`\\b${name}\\b`).test(text))) continue
          report(
            step.at,
            `${scripts.join(', ')} knows no ${name}. The head of a script lists what it reads`,
            `${name}:`,
          )
        }
        for (const [index, text] of texts.entries()) {
          for (const name of neededBy(text)) {
            if (step.env[name] !== undefined || shared.includes(name)) continue
            report(step.at, `${scripts[index]} needs ${name}: give it under env`)
          }
        }
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
      report(
        step.at,
        'several commands have to begin with `set -euo pipefail`, or a failed one is passed over',
      )
    }
    const logic = lines.slice(1).find((line) => !LOCAL.test(line))
    if (logic !== undefined)
      report(step.at, `this belongs into a script of deploy/scripts: ${logic.trim()}`, logic.trim())
  }
}

/** Variables reach scripts in upper case, with _ for dots. */
const environmentName = ({ name }: Variable): string => name.toUpperCase().replaceAll('.', '_')
