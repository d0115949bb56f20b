import * as models from '@kubernetes/client-node/dist/gen/models/all.js'
import { customResources } from './custom-resources.js'

interface Model {
  getAttributeTypeMap(): { baseName: string; type: string }[]
}

/** The model of each apiVersion and kind that the chart may use; anything else is a mistake. */
const KINDS: Record<string, string> = {
  'v1 ConfigMap': 'V1ConfigMap',
  'v1 Pod': 'V1Pod',
  'v1 Secret': 'V1Secret',
  'v1 Service': 'V1Service',
  'v1 ServiceAccount': 'V1ServiceAccount',
  'apps/v1 Deployment': 'V1Deployment',
  'autoscaling/v2 HorizontalPodAutoscaler': 'V2HorizontalPodAutoscaler',
  'networking.k8s.io/v1 Ingress': 'V1Ingress',
  'networking.k8s.io/v1 NetworkPolicy': 'V1NetworkPolicy',
  'policy/v1 PodDisruptionBudget': 'V1PodDisruptionBudget',
}

/** What in a manifest the Kubernetes API does not know or would have of another type, each with its path. */
export function mistakes(manifest: { apiVersion?: string; kind?: string }): string[] {
  const kind = `${manifest.apiVersion} ${manifest.kind}`
  if (kind in customResources) {
    const result = customResources[kind as keyof typeof customResources].safeParse(manifest)
    return (result.error?.issues ?? []).map(({ path, message }) => `${kind} ${path.join('.')}: ${message}`)
  }
  const model = KINDS[kind]
  return model === undefined ? [`${kind} is unknown`] : compare(manifest, model, kind)
}

/** Types are written as `string`, `Array<V1Container>` and `{ [key: string]: string; }`. */
function compare(value: unknown, type: string, path: string): string[] {
  const array = /^Array<(.+)>$/.exec(type)?.[1]
  if (array) {
    if (!Array.isArray(value)) return [`${path} must be an array`]
    return value.flatMap((item, index) => compare(item, array, `${path}[${index}]`))
  }
  const map = /^\{ \[key: string\]: (.+?);? \}$/.exec(type)?.[1]
  if (map) {
    if (!isObject(value)) return [`${path} must be an object`]
    return Object.entries(value).flatMap(([key, item]) => compare(item, map, `${path}.${key}`))
  }
  const known = (models as unknown as Record<string, Model | undefined>)[type]
  if (known?.getAttributeTypeMap) {
    if (!isObject(value)) return [`${path} must be an object`]
    const attributes = new Map(known.getAttributeTypeMap().map((item) => [item.baseName, item.type]))
    return Object.entries(value).flatMap(([key, item]) => {
      const expected = attributes.get(key)
      return expected === undefined
        ? [`${path}.${key} is unknown`]
        : compare(item, expected, `${path}.${key}`)
    })
  }
  const allowed = { IntOrString: ['number', 'string'], any: [typeof value], object: ['object'] }[type] ?? [
    type,
  ]
  return allowed.includes(typeof value) && value !== null ? [] : [`${path} must be ${type}`]
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
