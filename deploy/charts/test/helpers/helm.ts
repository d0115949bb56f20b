import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type {
  V1ConfigMap,
  V1Deployment,
  V1Ingress,
  V1NetworkPolicy,
  V1Pod,
  V1PodDisruptionBudget,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V2HorizontalPodAutoscaler,
} from '@kubernetes/client-node'
import { resolveTool } from '@repo/kube-tools'
import { parseAllDocuments } from 'yaml'
import type { Gateway, HTTPRoute, ServiceMonitor } from './custom-resources.js'

export const chart = fileURLToPath(new URL('../../inference', import.meta.url))

export interface Kinds {
  ConfigMap: V1ConfigMap
  Deployment: V1Deployment
  Gateway: Gateway
  HorizontalPodAutoscaler: V2HorizontalPodAutoscaler
  HTTPRoute: HTTPRoute
  Ingress: V1Ingress
  NetworkPolicy: V1NetworkPolicy
  Pod: V1Pod
  PodDisruptionBudget: V1PodDisruptionBudget
  Secret: V1Secret
  Service: V1Service
  ServiceAccount: V1ServiceAccount
  ServiceMonitor: ServiceMonitor
}
export type Manifest = { [K in keyof Kinds]: Kinds[K] & { kind: K } }[keyof Kinds]

export interface RenderOptions {
  helm?: 'helm3' | 'helm4'
  values?: object
  /** Values files of the chart. */
  files?: readonly string[]
  release?: string
}

/** Runs helm with values on its standard input. @throws Error with helm's own words in `stderr` */
export async function helm(
  name: 'helm3' | 'helm4',
  args: readonly string[],
  values: object = {},
): Promise<string> {
  const running = promisify(execFile)(await resolveTool(name), [...args, '--values', '-'], {
    maxBuffer: 2 ** 24,
  })
  running.child.stdin?.end(JSON.stringify(values))
  return (await running).stdout
}

/** What `helm template` makes of the chart. */
export async function render(options: RenderOptions = {}): Promise<Rendered> {
  const { helm: name = 'helm4', values = {}, files = [], release = 'inference' } = options
  const args = ['template', release, chart, '--namespace', 'apps']
  const text = await helm(name, [...args, ...files.flatMap((file) => ['-f', `${chart}/${file}`])], values)
  const documents = parseAllDocuments(text).map((document) => {
    // A key given twice would be one of these.
    if (document.errors.length > 0) throw document.errors[0]
    return document.toJS() as Manifest | null
  })
  return new Rendered(documents.filter((document) => document !== null))
}

/** What helm says against the values. */
export async function refusal(values: object, name: 'helm3' | 'helm4' = 'helm4'): Promise<string> {
  const failed = await render({ helm: name, values }).then(
    () => ({ stderr: 'it was accepted' }),
    (error: { stderr?: string }) => error,
  )
  return failed.stderr ?? String(failed)
}

export class Rendered {
  constructor(readonly objects: readonly Manifest[]) {}

  has(kind: keyof Kinds, name = 'inference'): boolean {
    return this.objects.some((object) => object.kind === kind && object.metadata?.name === name)
  }

  /** @throws Error when there is none */
  get<K extends keyof Kinds>(kind: K, name = 'inference'): Kinds[K] {
    const found = this.objects.find((object) => object.kind === kind && object.metadata?.name === name)
    if (!found) throw new Error(`no ${kind} ${name} among ${this.names().join(', ')}`)
    return found as Kinds[K]
  }

  names(): string[] {
    return this.objects.map(({ kind, metadata }) => `${kind} ${metadata?.name}`)
  }

  /** Of a Deployment: its pods' spec. */
  podSpec(name = 'inference') {
    return this.get('Deployment', name).spec!.template.spec!
  }

  /** Of a Deployment's pods: the app's container. */
  app(name = 'inference') {
    return this.podSpec(name).containers[0]!
  }
}
