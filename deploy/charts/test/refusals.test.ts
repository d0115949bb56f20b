import { expect, test } from '@jest/globals'
import { refusal } from './helpers/helm.js'
import { PULLED } from './helpers/options.js'

const canary = { enabled: true, image: { tag: 'next' } }

/** What is wrong, and a word of it that both versions of Helm say. */
const SCHEMA: [string, object, RegExp][] = [
  ['a misspelt key', { replicas: 3 }, /replicas/],
  ['a misspelt key deep within', { autoscaling: { customMetric: { avgValue: 1 } } }, /avgValue/],
  ['a text for a number', { replicaCount: '3' }, /replicaCount[\s\S]*integer/],
  ['a number for a text', { image: { tag: 1.5 } }, /tag[\s\S]*string/],
  ['a text for a switch', { canary: { enabled: 'yes' } }, /enabled[\s\S]*boolean/],
  ['no pods', { replicaCount: 0 }, /replicaCount/],
  ['a setting that the app does not know', { config: { LOGLEVEL: 'info' } }, /LOGLEVEL/],
  ['a setting with a wrong value', { config: { LOG_LEVEL: 'loud' } }, /LOG_LEVEL/],
  ['a setting that has its own value', { config: { API_KEYS: 'k' } }, /API_KEYS/],
  ['half a digest', { image: { digest: 'sha256:abc' } }, /digest/],
  ['a repository with a digest in it', { image: { repository: 'app@sha256:abc' } }, /repository/],
  ['another mode of the model', { model: { mode: 'mounted' } }, /mode/],
  ['a store without a scheme', { model: { store: 'account/models' } }, /store/],
  ['a trust key that is a path', { model: { trustKey: 'keys/model-signing.pub' } }, /trustKey/],
  ['another type of Service', { service: { type: 'ExternalName' } }, /type/],
  ['a DNS label with a dot', { service: { azureDnsLabel: 'a.b' } }, /azureDnsLabel/],
  ['all weight on the canary', { canary: { ...canary, weight: 100 } }, /weight/],
  ['a short API key', { apiKeys: { values: ['short'] } }, /apiKeys|values/],
  ['a label that selects the pods', { podLabels: { track: 'mine' } }, /track/],
  ['a misspelt resource', { resources: { limits: { mem: '1Gi' } } }, /mem/],
  ['a misspelt toleration', { tolerations: [{ key: 'gpu', effects: 'NoSchedule' }] }, /effects/],
  ['a misspelt mount', { extraVolumeMounts: [{ name: 'a', path: '/a' }] }, /mountPath/],
  ['a misspelt scaling policy', { autoscaling: { behavior: { scaleUp: { policy: [] } } } }, /policy/],
  ['a misspelt security setting', { podSecurityContext: { runAsNonroot: true } }, /runAsNonroot/],
  ['a misspelt affinity', { affinity: { podAntiaffinity: {} } }, /podAntiaffinity/],
  ['a route to a nameless Gateway', { httpRoute: { parentRefs: [{ gateway: 'a' }] } }, /name/],
  ['a probe on another path', { probes: { liveness: { httpGet: { path: '/' } } } }, /httpGet/],
]

test.each(SCHEMA)('when there is %s, then the schema refuses it and names it', async (_, values, words) => {
  const said = await Promise.all([refusal(values, 'helm3'), refusal(values, 'helm4')])
  for (const text of said) {
    expect(text).toContain('specifications of the schema')
    expect(text).toMatch(words)
  }
})

/** What can be wrong only in company. */
const TOGETHER: [string, object, string][] = [
  [
    'a pull without a store',
    { model: { mode: 'pulled', name: 'clothes' } },
    'needs model.name and model.store',
  ],
  ['a canary of nothing', { canary: { enabled: true } }, 'canary.enabled needs canary.image.digest'],
  [
    'a canary model that is baked',
    { canary: { enabled: true, modelVersion: '2.0.0' } },
    'needs model.mode pulled',
  ],
  ['weight 0 with a plain Service', { canary: { ...canary, weight: 0 } }, 'weight 0 needs httpRoute.enabled'],
  [
    'a delay beyond the grace',
    { config: { SHUTDOWN_DELAY_MS: 30000 } },
    'must be less than config.SHUTDOWN_GRACE_MS',
  ],
  [
    'more pods at least than at most',
    { autoscaling: { enabled: true, minReplicas: 9 } },
    'more than autoscaling.maxReplicas',
  ],
  ['a budget that blocks drains', { podDisruptionBudget: { minAvailable: 2 } }, 'would block every drain'],
  ['the same as a share', { podDisruptionBudget: { minAvailable: '51%' } }, 'would block every drain'],
  ['a share of one pod', { replicaCount: 1, podDisruptionBudget: { minAvailable: '1%' } }, 'with 1 pods'],
  ['no pod to spare', { podDisruptionBudget: { maxUnavailable: 0 } }, 'would block every drain'],
  ['no share to spare', { podDisruptionBudget: { maxUnavailable: '0%' } }, 'would block every drain'],
  [
    'a DNS label without a load balancer',
    { service: { azureDnsLabel: 'clothes' } },
    'needs service.type LoadBalancer',
  ],
  ['an Ingress for no host', { ingress: { enabled: true } }, 'needs ingress.hosts'],
  ['a route to no Gateway', { httpRoute: { enabled: true } }, 'needs httpRoute.parentRefs'],
  [
    'a Gateway of no class',
    { httpRoute: { gateway: { create: true } } },
    'needs httpRoute.gateway.className',
  ],
  ['workload identity of nobody', { workloadIdentity: { enabled: true } }, 'needs workloadIdentity.clientId'],
  ['API keys twice', { apiKeys: { values: ['0123456789abcdef'], existingSecret: 'keys' } }, 'not both'],
  [
    'a variable that the chart sets',
    { extraEnv: [{ name: 'PORT', value: '80' }] },
    'extraEnv must not set PORT',
  ],
  [
    'a setting twice',
    { extraEnv: [{ name: 'SHUTDOWN_DELAY_MS', value: '1' }] },
    'must not set SHUTDOWN_DELAY_MS',
  ],
]

test.each(TOGETHER)('when there is %s, then the message says what to mend', async (_, values, words) => {
  expect(await refusal(values)).toContain(words)
})

test('when the same values are mended, then they are accepted', async () => {
  const values = { model: PULLED, canary: { enabled: true, modelVersion: '2.0.0' } }
  expect(await refusal(values)).toBe('it was accepted')
})
