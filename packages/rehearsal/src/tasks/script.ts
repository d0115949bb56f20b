import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathOf, type Task, type TaskContext, TaskFailure } from './task.js'

/** `script:` and `bash:`. Neither begins with `set -e`, as on the agent. */
export const script: Task = {
  needs: [],
  takes: ['script', 'bash', 'workingDirectory'],
  run: async (context) => await bash(context, context.inputs.script ?? context.inputs.bash ?? ''),
}

/**
 * AzureCLI@2: signs `az` in for one step. Here the login is a file from which the stand-in of `az` answers; without it
 * that asks for `az login`, as the real one does.
 */
export const azureCli: Task = {
  needs: ['azureSubscription', 'scriptType', 'scriptLocation'],
  takes: ['inlineScript', 'scriptPath', 'arguments', 'workingDirectory'],
  connection: 'azureSubscription',
  async run(context) {
    const { scriptType, scriptLocation, inlineScript = '', scriptPath, arguments: args = '' } = context.inputs
    if (scriptType !== 'bash') throw new TaskFailure(`scriptType ${scriptType} is not known here: use bash`)
    const login = join(context.job.temporary, 'az-login')
    const { kubeconfig = '', registry = '' } = context.run.cloud
    await writeFile(login, `KUBECONFIG_HERE='${kubeconfig}'\nREGISTRY_HERE='${registry}'\n`)
    const file = `bash '${pathOf(context, scriptPath)}' ${args}`
    await bash(context, scriptLocation === 'scriptPath' ? file : inlineScript, {
      REHEARSAL_AZ_LOGIN: login,
      AZURESUBSCRIPTION_CLIENT_ID: '00000000-0000-0000-0000-000000000001',
      AZURESUBSCRIPTION_TENANT_ID: '00000000-0000-0000-0000-000000000002',
      AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: context.inputs.azureSubscription ?? '',
    })
  },
}

async function bash(context: TaskContext, text: string, env: Record<string, string> = {}): Promise<void> {
  const cwd = pathOf(context, context.inputs.workingDirectory)
  if (!existsSync(cwd)) throw new TaskFailure(`workingDirectory ${cwd} does not exist`)
  const [unknown] = /\$\([A-Za-z_]\w*(\.\w+)+\)/.exec(text) ?? []
  if (unknown) context.warn(`${unknown} is no variable here; bash takes it for a command`)
  const file = join(context.job.temporary, `${randomUUID()}.sh`)
  await writeFile(file, text)
  await context.exec('bash', ['--noprofile', '--norc', file], { cwd, env })
}
