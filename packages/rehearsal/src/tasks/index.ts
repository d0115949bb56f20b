import { type Pipeline, PipelineError } from '../expand/index.js'
import { download, downloadPipelineArtifact, publish, publishPipelineArtifact } from './artifacts.js'
import { azureCli } from './azure-cli.js'
import { cache } from './cache.js'
import { checkout } from './checkout.js'
import { publishCoverage } from './coverage.js'
import { bashTask, script } from './script.js'
import type { Task } from './task.js'
import { publishTestResults } from './test-results.js'
import { helmInstaller, kubectlInstaller, kubeloginInstaller, useNode } from './tools.js'

/** Every task that the rehearsal knows. A new one is a new file and a line here. */
export const tasks: Record<string, Task> = {
  script,
  bash: script,
  'Bash@3': bashTask,
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
  'PublishPipelineArtifact@1': publishPipelineArtifact,
  'PublishTestResults@2': publishTestResults,
  'UseNode@1': useNode,
}

/** @throws PipelineError for a step whose task or input is not known, or that lacks one */
export function checkTasks(pipeline: Pipeline): void {
  const jobs = pipeline.stages.flatMap((stage) => stage.jobs)
  for (const { task, inputs, at } of jobs.flatMap((job) => job.hooks).flatMap((hook) => hook.steps)) {
    const known = tasks[task]
    if (!known) {
      const names = Object.keys(tasks).join(', ')
      throw new PipelineError(`the rehearsal has no stand-in for ${task}. It has: ${names}`, at)
    }
    const unknown = Object.keys(inputs).find((input) => known.inputs[input] === undefined)
    if (unknown !== undefined) {
      const names = Object.keys(known.inputs).join(', ')
      throw new PipelineError(
        `the stand-in of ${task} does not know the input ${unknown}. It knows: ${names}`,
        at,
      )
    }
    const missing = Object.keys(known.inputs).find(
      (input) => known.inputs[input] && inputs[input] === undefined,
    )
    if (missing !== undefined) throw new PipelineError(`${task} needs the input ${missing}`, at)
  }
}
