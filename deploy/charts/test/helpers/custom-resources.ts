/** What this chart writes into custom resources, whose types no Kubernetes client knows. Strict, as the CRDs are. */
import { z } from 'zod'

const metadata = z.strictObject({
  name: z.string(),
  namespace: z.string(),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()).optional(),
})
const weighted = z.strictObject({ name: z.string(), port: z.int(), weight: z.int().min(0) })

export const customResources = {
  'gateway.networking.k8s.io/v1 HTTPRoute': z.strictObject({
    apiVersion: z.string(),
    kind: z.string(),
    metadata,
    spec: z.strictObject({
      parentRefs: z.array(
        z.strictObject({
          name: z.string(),
          namespace: z.string().optional(),
          sectionName: z.string().optional(),
        }),
      ),
      hostnames: z.array(z.string()).optional(),
      rules: z.array(z.strictObject({ backendRefs: z.array(weighted) })),
    }),
  }),
  'gateway.networking.k8s.io/v1 Gateway': z.strictObject({
    apiVersion: z.string(),
    kind: z.string(),
    metadata,
    spec: z.strictObject({
      gatewayClassName: z.string().min(1),
      listeners: z
        .array(
          z.strictObject({
            name: z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/),
            hostname: z.string().optional(),
            protocol: z.enum(['HTTP', 'HTTPS']),
            port: z.int(),
            tls: z
              .strictObject({
                mode: z.literal('Terminate'),
                certificateRefs: z.array(z.strictObject({ name: z.string() })),
              })
              .optional(),
          }),
        )
        .min(1),
    }),
  }),
  'monitoring.coreos.com/v1 ServiceMonitor': z.strictObject({
    apiVersion: z.string(),
    kind: z.string(),
    metadata,
    spec: z.strictObject({
      selector: z.strictObject({
        matchLabels: z.record(z.string(), z.string()),
        matchExpressions: z.array(z.strictObject({ key: z.string(), operator: z.string() })),
      }),
      podTargetLabels: z.array(z.string()),
      endpoints: z.array(z.strictObject({ port: z.string(), path: z.string(), interval: z.string() })),
    }),
  }),
}

export type HTTPRoute = z.infer<(typeof customResources)['gateway.networking.k8s.io/v1 HTTPRoute']>
export type Gateway = z.infer<(typeof customResources)['gateway.networking.k8s.io/v1 Gateway']>
export type ServiceMonitor = z.infer<(typeof customResources)['monitoring.coreos.com/v1 ServiceMonitor']>
