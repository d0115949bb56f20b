import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runScript } from './script.js'
import { folderOf, pathOf, type Task, TaskFailure } from './task.js'

/**
 * AzureCLI@2: signs `az` in for one step. Here the login is a file from which the stand-in of `az` answers; without it
 * that asks for `az login`, as the real one does.
 */
export const azureCli: Task = {
  inputs: {
    ...{
      azureSubscription: true,
      scriptType: true,
      scriptLocation: true,
      inlineScript: false,
      scriptPath: false,
    },
    ...{ arguments: false, workingDirectory: false, addSpnToEnvironment: false, visibleAzLogin: false },
    ...{ failOnStandardError: false, useGlobalConfig: false },
  },
  connection: 'azureSubscription',
  async run(context) {
    const {
      scriptType,
      scriptLocation,
      inlineScript = '',
      scriptPath = '',
      arguments: args = '',
    } = context.inputs
    if (scriptType !== 'bash') throw new TaskFailure(`scriptType ${scriptType} is not known here: use bash`)
    const login = join(folderOf(context, 'Agent.TempDirectory'), 'az-login.json')
    await writeFile(login, JSON.stringify(context.run.cloud))
    const text =
      scriptLocation === 'scriptPath' ? `bash '${pathOf(context, scriptPath)}' ${args}` : inlineScript
    await runScript(context, text, {
      REHEARSAL_AZ_LOGIN: login,
      AZURESUBSCRIPTION_CLIENT_ID: '00000000-0000-0000-0000-000000000001',
      AZURESUBSCRIPTION_TENANT_ID: '00000000-0000-0000-0000-000000000002',
      AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: context.inputs.azureSubscription ?? '',
    })
  },
}
