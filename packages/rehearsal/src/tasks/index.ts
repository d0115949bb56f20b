import { type Pipeline, PipelineError } from '../expand/index.js'
import { download, downloadPipelineArtifact, publish } from './artifacts.js'
import { checkout } from './checkout.js'
import { publishCoverage, publishTestResults } from './reports.js'
import { azureCli, script } from './script.js'
import type { Task } from './task.js'
import { helmInstaller, kubectlInstaller, kubeloginInstaller, useNode } from './tools.js'

/** Cache@2: always a miss, as on the first run. What npm and turbo keep is on this machine anyway. */
const cache: Task = {
  needs: ['key', 'path'],
  takes: ['restoreKeys', 'cacheHitVar'],
  async run({ inputs, job, log }) {
    if (inputs.cacheHitVar) job.variables.set(inputs.cacheHitVar, 'false')
    log(`No cache has the key ${inputs.key}`)
  },
}

/** Every task that the rehearsal knows. */
export const tasks: Record<string, Task> = {
  script,
  bash: script,
  checkout,
  publish,
  download,
  'AzureCLI@2': azureCli,
  'Cache@2': cache,
  'DownloadPipelineArtifact@2': downloadPipelineArtifact,
  'HelmInstaller@1': helmInstaller,
  'KubectlInstaller@0': kubectlInstaller,
  'KubeloginInstaller@0': kubeloginInstaller,
  'PublishCodeCoverageResults@2': publishCoverage,
  'PublishTestResults@2': publishTestResults,
  'UseNode@1': useNode,
}

/** @throws PipelineError for a step whose task or input is not known, or that lacks one */
export function checkTasks({ stages }: Pipeline): void {
  const steps = stages.flatMap(({ jobs }) => jobs).flatMap((job) => job.steps)
  for (const { task, inputs, at } of steps) {
    const fail = (reason: string): never => {
      throw new PipelineError(reason, at)
    }
    const known =
      tasks[task] ??
      fail(`the rehearsal has no stand-in for ${task}. It has: ${Object.keys(tasks).join(', ')}`)
    const all = [...known.needs, ...(known.takes ?? [])]
    const unknown = Object.keys(inputs).find((input) => !all.includes(input))
    if (unknown)
      fail(`the stand-in of ${task} does not know the input ${unknown}. It knows: ${all.join(', ')}`)
    const missing = known.needs.find((input) => inputs[input] === undefined)
    if (missing) fail(`${task} needs the input ${missing}`)
  }
}
