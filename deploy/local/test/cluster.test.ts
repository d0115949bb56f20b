import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { clusterCommand } from './cluster-command.js'

const temporaryFolder = temporaryFolders()
let folder = ''
let commands = ''
let calls = ''

/** Programs that write down how they are called, and answer as the real ones do. */
async function fake(name: string, answers: string): Promise<string> {
  const path = join(commands, name)
  await writeFile(path, `#!/bin/sh\necho "${name} $*" >>"${calls}"\n${answers}\n`)
  await chmod(path, 0o755)
  return path
}

const called = async () => (await readFile(calls, 'utf8').catch(() => '')).trim().split('\n')
const cluster = async (command: string, environment = {}) =>
  await clusterCommand([command], {
    LOCAL_STATE_DIR: folder,
    PATH: `${commands}:/usr/bin:/bin`,
    ...environment,
  })

const NO_ENGINE = 'exit 1'
const ENGINE = `case $1 in version) echo 27.0 ;; network) [ "$2" != inspect ] || echo fc00::1 172.18.0.1 ;; esac`
const KIND = 'case "$*" in "get nodes"*) echo node-1 ;; esac; cat >/dev/null'

beforeEach(async () => {
  folder = await temporaryFolder()
  commands = join(folder, 'bin')
  calls = join(folder, 'calls')
  await mkdir(commands)
  await fake('docker', NO_ENGINE)
})

describe('npm run cluster:up', () => {
  test('when nothing fits, then it says what there could be, and leaves nothing', async () => {
    const { code, output } = await cluster('up')
    expect(code).toBe(3)
    expect(output).toMatch(/no docker engine answers, and CLUSTER_SCRIPT is not set[\s\S]*next: /)
    await expect(readFile(join(folder, 'cluster/state.json'))).rejects.toThrow('ENOENT')
  })

  test('when docker answers but kind is missing, then it names kind', async () => {
    await fake('docker', ENGINE)
    const { code, output } = await cluster('up')
    expect(code).toBe(3)
    expect(output).toContain('kind is not installed')
  })

  test('when docker and kind are there, then it wires the registry as kind documents it, and down removes both', async () => {
    await fake('docker', ENGINE)
    await fake('kind', KIND)
    expect(await cluster('up')).toEqual({ code: 0, output: expect.stringContaining('localhost:5001') })
    const made = await called()
    expect(made).toContain(
      'docker run --detach --publish 127.0.0.1:5001:5000 --name devops-for-ai-apps-registry registry:2',
    )
    expect(made).toContain(
      'docker exec -i node-1 cp /dev/stdin /etc/containerd/certs.d/localhost:5001/hosts.toml',
    )
    expect(made).toContain('docker network connect kind devops-for-ai-apps-registry')
    const settings = await readFile(join(folder, 'cluster/cluster.env'), 'utf8')
    expect(settings).toContain('REGISTRY=localhost:5001\nREGISTRY_PLAIN_HTTP=true\n')
    if (process.platform === 'linux') expect(settings).toContain('HOST_ADDRESS=172.18.0.1\n')

    await rm(calls)
    expect((await cluster('down')).code).toBe(0)
    expect((await called()).slice(-2)).toEqual([
      expect.stringContaining('kind delete cluster --name devops-for-ai-apps'),
      'docker rm --force --volumes devops-for-ai-apps-registry',
    ])
    await expect(readFile(join(folder, 'cluster/state.json'))).rejects.toThrow('ENOENT')
  })

  test('when the script fails, then its words are shown, and it is asked to end what it began', async () => {
    const script = await fake(
      'cluster.sh',
      'case $1 in up) echo no room >&2; exit 7 ;; status) exit 1 ;; esac',
    )
    const { code, output } = await cluster('up', { CLUSTER_SCRIPT: script })
    expect(code).toBe(1)
    expect(output).toContain('no room')
    expect((await called()).at(-1)).toBe('cluster.sh down')
    await expect(readFile(join(folder, 'cluster/state.json'))).rejects.toThrow('ENOENT')
  })

  test('when an earlier cluster was killed, then what it left is removed before the script starts one', async () => {
    const script = await fake('cluster.sh', 'case $1 in status) exit 1 ;; up) exit 2 ;; esac')
    await cluster('up', { CLUSTER_SCRIPT: script })
    expect((await called()).filter((call) => call.startsWith('cluster.sh')).slice(0, 3)).toEqual([
      'cluster.sh status',
      'cluster.sh down',
      'cluster.sh up',
    ])
  })

  test('when a cluster of the script runs that is not ours, then it is left alone', async () => {
    const script = await fake('cluster.sh', 'exit 0')
    const { code, output } = await cluster('up', { CLUSTER_SCRIPT: script })
    expect(code).toBe(1)
    expect(output).toContain('runs already, and it is not ours')
    expect(await called()).not.toContain('cluster.sh down')
  })

  test('when KUBECONFIG and REGISTRY are given, then they are used, and nothing is started or ended', async () => {
    const kubeconfig = join(folder, 'theirs')
    await writeFile(kubeconfig, 'kind: Config')
    const environment = { KUBECONFIG: kubeconfig, REGISTRY: 'registry.example.com' }
    expect((await cluster('up', environment)).code).toBe(0)
    expect(await readFile(join(folder, 'cluster/cluster.env'), 'utf8')).toContain(
      'REGISTRY=registry.example.com\n',
    )
    expect((await cluster('down', environment)).code).toBe(0)
    expect(await readFile(kubeconfig, 'utf8')).toBe('kind: Config')
    expect(await called()).toEqual([''])
  })

  test('when only KUBECONFIG is set, as many shells have it, then that cluster is not touched', async () => {
    expect((await cluster('up', { KUBECONFIG: '/home/me/.kube/production' })).code).toBe(3)
  })
})

describe('npm run cluster:status', () => {
  test('when there is none, then it says so with exit code 1', async () => {
    expect(await cluster('status')).toEqual({ code: 1, output: 'No cluster is up.\n' })
  })

  test('when the command is unknown, then it lists the commands', async () => {
    expect(await cluster('restart')).toEqual({
      code: 2,
      output: expect.stringContaining('up, down or status'),
    })
  })
})
