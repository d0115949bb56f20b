import { jobsOf, stepsOf } from '../runs.js'
import type { Rule } from './rule.js'

/** Inputs that choose a tool's version; tasks take the newest where they are missing. */
const VERSION_INPUTS: Record<string, string> = {
  UseNode: 'version',
  HelmInstaller: 'helmVersionToInstall',
  KubectlInstaller: 'kubectlVersion',
  KubeloginInstaller: 'kubeloginVersion',
}
const FULL = /^v?\d+\.\d+\.\d+$/

/** Tasks have a version, and tools the whole of it. */
export const pins: Rule = ({ run, report }) => {
  for (const { name, value, at } of run.pipeline.variables) {
    if (!name.endsWith('Version') || FULL.test(value)) continue
    report(at, `${name} is ${value}: give the version in full, such as 1.2.3`)
  }
  const variable = (text: string) =>
    text.replace(
      /\$\((\w+)\)/g,
      (all, name) => run.pipeline.variables.find((each) => each.name === name)?.value ?? all,
    )
  for (const step of jobsOf(run).flatMap(stepsOf)) {
    const [task = '', version] = step.task.split('@')
    if (/^[A-Z]/.test(task) && !/^\d+$/.test(version ?? '')) {
      report(step.at, `task ${task} has no version: write ${task}@ and its number`, task)
    }
    const input = VERSION_INPUTS[task]
    const tool = input === undefined ? '' : (step.inputs[input] ?? '')
    if (input === undefined || FULL.test(variable(tool))) continue
    report(
      step.at,
      `${task} has to be given ${input} in full, such as $(nodeVersion), and has: ${tool || 'nothing'}`,
      input,
    )
  }
}
