import { execFile } from 'node:child_process'
import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { resolveTool, type ToolName } from '@repo/kube-tools'
import { folderOf, type Task, type TaskContext, TaskFailure } from './task.js'

/** Stands in for programs that need the cloud. */
export const standIns = fileURLToPath(new URL('../../stand-ins', import.meta.url))

/** UseNode@1: the Node.js that runs the rehearsal; another one than the wanted is a warning. */
export const useNode: Task = {
  inputs: { version: true, checkLatest: false, force32bit: false },
  async run(context) {
    const wanted = context.inputs.version ?? ''
    const major = Number(wanted.split('.')[0])
    if (Number.isNaN(major)) throw new TaskFailure(`${wanted} is no version of Node.js`)
    const found = process.versions.node
    if (Number(found.split('.')[0]) !== major)
      context.warn(`Node.js ${wanted} is asked for; ${found} is here and used`)
    context.log(`Node.js ${found}`)
    await link(context, 'node', process.execPath)
  },
}

export const helmInstaller = kubeTool('helmVersionToInstall', (version) =>
  version.startsWith('4') ? 'helm4' : 'helm3',
)
export const kubectlInstaller = kubeTool('kubectlVersion', () => 'kubectl')

/** KubeloginInstaller@0: local clusters need no tokens of Entra ID, so what it installs changes nothing. */
export const kubeloginInstaller: Task = {
  inputs: { kubeloginVersion: true, gitHubConnection: false },
  async run(context) {
    context.prependPath(join(standIns, 'kubelogin'))
    context.log('A stand-in of kubelogin: it leaves the kubeconfig as it is')
  },
}

function kubeTool(input: string, nameOf: (version: string) => ToolName): Task {
  return {
    inputs: { [input]: true },
    async run(context) {
      const wanted = (context.inputs[input] ?? '').replace(/^v/, '')
      const name = nameOf(wanted)
      const path = await resolveTool(name)
      const command = name === 'kubectl' ? 'kubectl' : 'helm'
      const args = command === 'helm' ? ['version', '--short'] : ['version', '--client']
      const { stdout } = await promisify(execFile)(path, args)
      const found = /v(\d[\w.]*)/.exec(stdout)?.[1] ?? 'unknown'
      if (found !== wanted) context.warn(`${command} ${wanted} is asked for; ${found} is here and used`)
      context.log(`${command} ${found}: ${path}`)
      await link(context, command, path)
    },
  }
}

/** In a folder of its own, so that its neighbours are not found too. */
async function link(context: TaskContext, command: string, path: string): Promise<void> {
  const folder = join(folderOf(context, 'Agent.ToolsDirectory'), command)
  await mkdir(folder, { recursive: true })
  await symlink(path, join(folder, command)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  context.prependPath(folder)
}
