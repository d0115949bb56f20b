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
const KIND =
  'case "$*" in "get nodes"*) echo node-1 ;; "create cluster"*) cat >"$(dirname "$0")/../kind.yaml" ;; esac; cat >/dev/null'

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
    const [, name] = /--name (devops-for-ai-apps-[0-9a-f]{8}) --kubeconfig/.exec(made.join('\n')) ?? []
    expect(made).toContain(
      `docker run --detach --publish 127.0.0.1:5001:5000 --name ${name}-registry registry:2`,
    )
    expect(made).toContain(
      'docker exec -i node-1 cp /dev/stdin /etc/containerd/certs.d/localhost:5001/hosts.toml',
    )
    expect(made).toContain(`docker network connect kind ${name}-registry`)
    const settings = await readFile(join(folder, 'cluster/cluster.env'), 'utf8')
    expect(settings).toContain('REGISTRY=localhost:5001\nREGISTRY_PLAIN_HTTP=true\n')
    if (process.platform === 'linux') expect(settings).toContain('HOST_ADDRESS=172.18.0.1\n')

    await rm(calls)
    expect((await cluster('down')).code).toBe(0)
    expect((await called()).slice(-2)).toEqual([
      expect.stringContaining(`kind delete cluster --name ${name} `),
      `docker rm --force --volumes ${name}-registry`,
    ])
    await expect(readFile(join(folder, 'cluster/state.json'))).rejects.toThrow('ENOENT')
  })

  test('when kind makes the cluster, then every NodePort is a port of this machine too', async () => {
    await fake('docker', ENGINE)
    await fake('kind', KIND)
    await cluster('up')
    const config = await readFile(join(folder, 'kind.yaml'), 'utf8')
    const [, first, last] = /service-node-port-range: "(\d+)-(\d+)"/.exec(config) ?? []
    const mapped = config.matchAll(
      /^ {6}- \{ containerPort: (\d+), hostPort: (\d+), listenAddress: 127\.0\.0\.1 \}$/gm,
    )
    const ports = Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) =>
      String(Number(first) + i),
    )
    expect([...mapped].map(([, inside, outside]) => [inside, outside])).toEqual(
      ports.map((port) => [port, port]),
    )
    expect(ports.length).toBeGreaterThan(8)
    expect(await readFile(join(folder, 'cluster/cluster.env'), 'utf8')).toContain(
      'SERVICE_TYPE=NodePort\nNODE_ADDRESS=127.0.0.1\n',
    )
  })

  test('when the engine is Docker Desktop, then pods reach this machine by its name', async () => {
    await fake('docker', `[ "$1" != info ] || echo Docker Desktop; ${ENGINE}`)
    await fake('kind', KIND)
    await cluster('up')
    expect(await readFile(join(folder, 'cluster/cluster.env'), 'utf8')).toContain(
      'HOST_ADDRESS=host.docker.internal\n',
    )
  })

  test("when another checkout's registry has the port, then it says so, and only this checkout's things are removed", async () => {
    const taken = 'Bind for 127.0.0.1:5001 failed: port is already allocated'
    await fake('docker', `[ "$1" != run ] || { echo '${taken}' >&2; exit 125; }; ${ENGINE}`)
    await fake('kind', KIND)
    const first = await cluster('up')
    expect(first.code).toBe(1)
    expect(first.output).toMatch(/port is already allocated[\s\S]*next: If another checkout's cluster is up/)
    const names = async () =>
      new Set((await called()).flatMap((call) => / (devops-for-ai-apps-\w+)/.exec(call)?.[1] ?? []))
    expect((await names()).size).toBe(1)
    const other = await temporaryFolder()
    await cluster('up', { LOCAL_STATE_DIR: other })
    expect((await names()).size).toBe(2)
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
    const environment = {
      KUBECONFIG: kubeconfig,
      REGISTRY: 'registry.example.com',
      NODE_ADDRESS: '192.0.2.7',
    }
    expect((await cluster('up', environment)).code).toBe(0)
    const settings = await readFile(join(folder, 'cluster/cluster.env'), 'utf8')
    expect(settings).toContain('REGISTRY=registry.example.com\n')
    expect(settings).toContain('NODE_ADDRESS=192.0.2.7\n')
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
