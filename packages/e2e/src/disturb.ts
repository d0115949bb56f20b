import { NAMESPACE, PODS } from './release.js'
import { isReady, kubectl, type Pod, pods, until, untilReady, type World } from './world.js'

/** Answers without a failure in between that show that the service is well again. */
const GOOD_REQUESTS = 300

/**
 * Each process weighs less than the app, so that the kernel, when the pod's memory is full, ends the app: the largest.
 */
const FILL_MEMORY = `
  const { spawn } = require('node:child_process')
  const hog = "const bytes = Buffer.alloc(30e6, 1); setTimeout(() => bytes, 60e3)"
  setInterval(() => spawn(process.execPath, ['-e', hog]), 100)`

/** Pods are deleted, ended, starved and drained; the service goes on. */
export async function disturb(world: World): Promise<void> {
  const { step, load } = world.report
  if (!load) throw new Error('there is no load')
  const well = async () => {
    await untilReady(world, NAMESPACE, PODS)
    await load.untilGood(GOOD_REQUESTS, world.shell.signal)
  }
  await step('A pod is deleted', async () => {
    const { metadata } = await anyPod(world)
    await kubectl(world, '-n', NAMESPACE, 'delete', 'pod', metadata.name)
    await well()
  })
  await step('A drain is refused by the budget', async () => {
    const why = await drain(world)
    await well()
    return why
  })
  await step(
    'The process of a container ends',
    async () => {
      const pod = await anyPod(world)
      await exec(world, pod, `process.kill(1, 'SIGTERM')`)
      await restarted(world, pod)
      await well()
    },
    { mayFail: true },
  )
  await step(
    'A pod reaches its memory limit',
    async () => {
      const pod = await anyPod(world)
      // It is killed together with the container.
      await exec(world, pod, FILL_MEMORY).catch(() => {})
      const reason = await restarted(world, pod)
      if (reason !== 'OOMKilled') throw new Error(`the container ended for another reason: ${reason}`)
      await well()
      return reason
    },
    { mayFail: true },
  )
}

async function anyPod(world: World): Promise<Pod> {
  const pod = (await pods(world, NAMESPACE)).find(isReady)
  if (!pod) throw new Error('no pod is ready')
  return pod
}

async function exec(world: World, { metadata }: Pod, code: string): Promise<void> {
  await kubectl(world, '-n', NAMESPACE, 'exec', metadata.name, '-c', 'app', '--', 'node', '-e', code)
}

/** Resolves with why its container ended, once it has been started again. */
async function restarted(world: World, { metadata, status }: Pod): Promise<string | undefined> {
  const restarts = status.containerStatuses?.[0]?.restartCount ?? 0
  return await until(
    world,
    () => `the container of ${metadata.name} starts again`,
    async () => {
      const now = (await pods(world, NAMESPACE)).find((pod) => pod.metadata.name === metadata.name)
      const [container] = now?.status.containerStatuses ?? []
      if (!container || container.restartCount === restarts) return undefined
      return container.lastState.terminated?.reason ?? ''
    },
  )
}

/** One node, so the pods that are moved find no other: the budget lets one go and refuses the next until time is up. */
async function drain(world: World): Promise<string> {
  const node = await kubectl(world, 'get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}')
  const selector = `run=${NAMESPACE},app.kubernetes.io/component=server`
  const { tools, cluster, shell } = world
  try {
    const args = ['drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--pod-selector', selector]
    const { code, output } = await shell.attempt(tools.kubectl, [
      ...['--kubeconfig', cluster.kubeconfig, ...args, '--timeout=15s'],
    ])
    const refused = /Cannot evict pod as it would violate the pod's disruption budget/.exec(output)
    if (code === 0 || !refused) throw new Error(`the drain was not refused:\n${output}`)
    return refused[0]
  } finally {
    await kubectl(world, 'uncordon', node)
  }
}
