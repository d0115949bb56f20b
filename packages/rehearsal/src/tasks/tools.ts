import { execFile } from 'node:child_process'
import { mkdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { resolveTool } from '@repo/kube-tools'
import type { Task } from './task.js'

/** Stands in for programs that need the cloud. */
export const standIns = fileURLToPath(new URL('../../stand-ins', import.meta.url))

/** UseNode@1: the Node.js that runs the rehearsal. */
export const useNode = tool('node', 'version', ['--version'], async () => process.execPath)
export const helmInstaller = tool('helm', 'helmVersionToInstall', ['version', '--short'], (wanted) =>
  resolveTool(wanted.startsWith('4') ? 'helm4' : 'helm3'),
)
export const kubectlInstaller = tool('kubectl', 'kubectlVersion', ['version', '--client'], () =>
  resolveTool('kubectl'),
)

/** KubeloginInstaller@0: local clusters need no tokens of Entra ID, so what it installs changes nothing. */
export const kubeloginInstaller: Task = {
  needs: ['kubeloginVersion'],
  async run({ job, log }) {
    job.path.unshift(join(standIns, 'kubelogin'))
    log('A stand-in of kubelogin: it leaves the kubeconfig as it is')
  },
}

/**
 * A tool that is here; another version than the wanted one is a warning.
 * @param input names the version
 * @param tell what makes the tool tell its own
 */
function tool(
  command: string,
  input: string,
  tell: string[],
  find: (wanted: string) => Promise<string>,
): Task {
  return {
    needs: [input],
    async run({ inputs, job, log, warn }) {
      const wanted = (inputs[input] ?? '').replace(/^v/, '')
      const path = await find(wanted)
      const { stdout } = await promisify(execFile)(path, tell)
      const found = /v(\d[\w.]*)/.exec(stdout)?.[1] ?? 'unknown'
      if (found !== wanted) warn(`${command} ${wanted} is asked for; ${found} is here and used`)
      // In a folder of its own, so that its neighbours are not found too.
      const folder = join(job.temporary, '..', 'tools', command)
      await rm(folder, { recursive: true, force: true })
      await mkdir(folder, { recursive: true })
      await symlink(path, join(folder, command))
      job.path.unshift(folder)
      log(`${command} ${found}: ${path}`)
    },
  }
}
