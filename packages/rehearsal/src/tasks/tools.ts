import { execFile } from 'node:child_process'
import { mkdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { resolveTool } from '@repo/kube-tools'
import type { Task, TaskContext } from './task.js'

/** Stands in for programs that need the cloud. */
export const standIns = fileURLToPath(new URL('../../stand-ins', import.meta.url))

/** UseNode@1: the Node.js that runs the rehearsal; another major version than the wanted is a warning. */
export const useNode: Task = {
  needs: ['version'],
  async run(context) {
    const [wanted = '', found] = [context.inputs.version, process.versions.node]
    if (Number.parseInt(found, 10) !== Number.parseInt(wanted, 10)) tell(context, 'Node.js', wanted, found)
    await use(context, 'node', process.execPath)
  },
}

export const helmInstaller = kubeTool('helm', 'helmVersionToInstall', ['version', '--short'])
export const kubectlInstaller = kubeTool('kubectl', 'kubectlVersion', ['version', '--client'])

/** KubeloginInstaller@0: local clusters need no tokens of Entra ID, so what it installs changes nothing. */
export const kubeloginInstaller: Task = {
  needs: ['kubeloginVersion'],
  async run({ job, log }) {
    job.path.unshift(join(standIns, 'kubelogin'))
    log('A stand-in of kubelogin: it leaves the kubeconfig as it is')
  },
}

/** The tools of packages/kube-tools. */
function kubeTool(command: 'helm' | 'kubectl', input: string, version: string[]): Task {
  return {
    needs: [input],
    async run(context) {
      const wanted = (context.inputs[input] ?? '').replace(/^v/, '')
      const path = await resolveTool(
        command === 'kubectl' ? command : wanted.startsWith('4') ? 'helm4' : 'helm3',
      )
      const { stdout } = await promisify(execFile)(path, version)
      const found = /v(\d[\w.]*)/.exec(stdout)?.[1] ?? 'unknown'
      if (found !== wanted) tell(context, command, wanted, found)
      await use(context, command, path)
    },
  }
}

function tell({ warn }: TaskContext, what: string, wanted: string, found: string): void {
  warn(`${what} ${wanted} is asked for; ${found} is here and used`)
}

/** In a folder of its own, so that its neighbours are not found too. */
async function use({ job, log }: TaskContext, command: string, path: string): Promise<void> {
  const folder = join(job.temporary, '..', 'tools', command)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await symlink(path, join(folder, command))
  job.path.unshift(folder)
  log(`${command}: ${path}`)
}
