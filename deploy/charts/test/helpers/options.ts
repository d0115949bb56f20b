/** Each option of the chart on its own: what every general check is run on. */
export const DIGEST = `sha256:${'a'.repeat(64)}`
export const CANARY_DIGEST = `sha256:${'b'.repeat(64)}`
export const PULLED = { mode: 'pulled', name: 'fashion-mnist', store: 'azurite://10.0.0.4:10000/models' }
/** Two keys, as during a rotation. */
export const TRUST_KEYS = ['AAAA', 'BBBB'].map(
  (body) => `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----`,
)

export const OPTIONS = {
  defaults: {},
  digest: { image: { digest: DIGEST } },
  'pull secrets': { image: { pullSecrets: ['registry'], pullPolicy: 'Always' } },
  'pulled model': { model: PULLED },
  'pulled model, all of it': {
    model: {
      ...PULLED,
      store: 'https://account.blob.core.windows.net/models',
      trustKey: TRUST_KEYS.join('\n'),
      existingSecret: 'store',
      extraEnv: [{ name: 'AWS_REGION', value: 'eu' }],
    },
    workloadIdentity: { enabled: true, clientId: 'client', tenantId: 'tenant' },
  },
  canary: { canary: { enabled: true, image: { digest: CANARY_DIGEST } }, replicaCount: 3 },
  'canary of a pulled model': { model: PULLED, canary: { enabled: true, modelVersion: '2.0.0' } },
  'canary with autoscaling': {
    canary: { enabled: true, image: { digest: CANARY_DIGEST } },
    autoscaling: { enabled: true },
  },
  'canary by route': {
    canary: { enabled: true, weight: 10, image: { digest: CANARY_DIGEST } },
    httpRoute: { enabled: true, parentRefs: [{ name: 'web', sectionName: 'https' }] },
  },
  'model endpoint': { modelEndpoint: { enabled: true, apiKeySecret: 'endpoint' } },
  'load balancer': {
    service: {
      type: 'LoadBalancer',
      azureDnsLabel: 'clothes',
      loadBalancerSourceRanges: ['192.0.2.0/24'],
      annotations: { owner: 'me' },
    },
  },
  'node port': { service: { type: 'NodePort' } },
  ingress: {
    ingress: { enabled: true, className: 'nginx', hosts: ['clothes.example'], tlsSecret: 'certificate' },
  },
  'route with its own gateway': {
    httpRoute: {
      enabled: true,
      hostnames: ['clothes.example', '*.clothes.example'],
      gateway: { create: true, className: 'any', tlsSecret: 'certificate' },
    },
  },
  autoscaling: { autoscaling: { enabled: true, customMetric: { name: 'inference_queue_depth' } } },
  'one pod': { replicaCount: 1 },
  'budget by minimum': { podDisruptionBudget: { minAvailable: '50%' } },
  'no budget': { podDisruptionBudget: { enabled: false } },
  'network policy': {
    networkPolicy: {
      ingressNamespaces: ['ingress', 'monitoring'],
      ingressCidrs: ['192.0.2.0/24'],
      extraIngress: [{ from: [{ podSelector: {} }] }],
      extraEgress: [{ to: [{ ipBlock: { cidr: '192.0.2.7/32' } }] }],
    },
  },
  'no network policy': { networkPolicy: { enabled: false } },
  'service account of others': { serviceAccount: { create: false, name: 'shared' } },
  'service account by name': { serviceAccount: { name: 'mine', annotations: { owner: 'me' } } },
  'workload identity': { workloadIdentity: { enabled: true, clientId: 'client' } },
  'service monitor': { serviceMonitor: { enabled: true, labels: { release: 'prometheus' } } },
  'API keys': { apiKeys: { values: ['0123456789abcdef'] } },
  'API keys of a secret': { apiKeys: { existingSecret: 'keys' } },
  scheduling: {
    priorityClassName: 'high',
    nodeSelector: { pool: 'ai' },
    tolerations: [{ key: 'ai', operator: 'Exists' }],
    affinity: { nodeAffinity: {} },
    topologySpread: { whenUnsatisfiable: 'DoNotSchedule' },
  },
  'no spread': { topologySpread: { enabled: false } },
  extras: {
    commonLabels: { team: 'ai' },
    commonAnnotations: { contact: 'me' },
    podLabels: { tier: 'web' },
    podAnnotations: { note: 'here' },
    extraEnv: [{ name: 'NODE_OPTIONS', value: '--trace-warnings' }],
    extraVolumes: [{ name: 'cache', emptyDir: {} }],
    extraVolumeMounts: [{ name: 'cache', mountPath: '/cache' }],
  },
  names: { fullnameOverride: 'clothes', nameOverride: 'classifier' },
} satisfies Record<string, object>
