import type { V1Container, V1PodSpec } from '@kubernetes/client-node'

/** https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted */
const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]

/** Where a pod is outside of the restricted Pod Security Standard, baseline included. */
export function violations(pod: V1PodSpec): string[] {
  const found: string[] = []
  const check = (ok: boolean, what: string) => {
    if (!ok) found.push(what)
  }
  check(!pod.hostNetwork && !pod.hostPID && !pod.hostIPC, "host's namespaces")
  check(!pod.securityContext?.sysctls?.length, 'sysctls')
  for (const { name, ...source } of pod.volumes ?? []) {
    check(
      Object.keys(source).every((type) => VOLUMES.includes(type)),
      `volume ${name}`,
    )
  }
  for (const container of [...pod.containers, ...(pod.initContainers ?? [])]) {
    for (const what of ofContainer(container, pod)) found.push(`${container.name}: ${what}`)
  }
  return found
}

function ofContainer({ securityContext: own = {}, ports = [] }: V1Container, pod: V1PodSpec): string[] {
  const context = { ...pod.securityContext, ...own }
  const checks: [boolean, string][] = [
    [own.allowPrivilegeEscalation === false, 'allowPrivilegeEscalation'],
    [!own.privileged, 'privileged'],
    [(own.capabilities?.drop ?? []).includes('ALL'), 'capabilities.drop'],
    [(own.capabilities?.add ?? []).every((name) => name === 'NET_BIND_SERVICE'), 'capabilities.add'],
    [!own.procMount || own.procMount === 'Default', 'procMount'],
    [context.runAsNonRoot === true, 'runAsNonRoot'],
    [context.runAsUser !== 0, 'runAsUser'],
    [['RuntimeDefault', 'Localhost'].includes(context.seccompProfile?.type ?? ''), 'seccompProfile'],
    [!context.seLinuxOptions?.user && !context.seLinuxOptions?.role, 'seLinuxOptions'],
    [ports.every(({ hostPort }) => !hostPort), 'hostPort'],
  ]
  return checks.flatMap(([ok, what]) => (ok ? [] : [what]))
}
